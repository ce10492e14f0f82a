/** ONNX Runtime on the CPU behind the Backend interface, in two execution forms. */
import { availableParallelism, cpus } from 'node:os';
import type { Backend, LoadedModel, ModelRequest } from '@vssm/backend';
import type { ScanForm } from '@vssm/graph';
import { onnxRuntime } from './ort.ts';
import { canRunSegments } from './segments/engine.ts';
import { loadPool } from './segments/pool.ts';
import { loadSingle } from './segments/single.ts';
import { loadWhole } from './whole.ts';

export { type Floor, loadFloor } from './floor.ts';
export { type LargeProduct, largeProductFlops, loadLargeProduct } from './product-roof.ts';
export { type Chunk, type Part, parts, SegmentEngine, type Stopwatch } from './segments/engine.ts';

/**
 * - `segments`: ONNX Runtime for the dense parts, the fused kernels for the rest; the fast path.
 * - `whole`: everything in one ONNX session, the scan spelled in ONNX.
 */
export type CpuForm =
  | { readonly form: 'segments'; readonly mode: 'throughput' | 'latency' }
  | { readonly form: 'whole'; readonly scan: ScanForm };

export const fastPath: CpuForm = { form: 'segments', mode: 'throughput' };

export function cpuBackend(form: CpuForm = fastPath): Backend {
  return {
    name: 'cpu',
    async probe() {
      try {
        const { env } = await onnxRuntime();
        const details = {
          runtime: `onnxruntime-node ${env.versions.node}`,
          processor: cpus()[0]?.model ?? 'unknown',
          cores: String(availableParallelism()),
        };
        return { available: true, details };
      } catch (error) {
        return {
          available: false,
          reason: `onnxruntime-node does not load on ${process.platform} ${process.arch}: ${String(error)}`,
          fix: 'use a platform for which onnxruntime-node ships a library, or --backend reference',
        };
      }
    },
    load: (request) => load(request, form),
  };
}

/** A state size that the kernels do not take goes to the whole form. */
function load(request: ModelRequest, form: CpuForm): Promise<LoadedModel> {
  const threads = request.threads ?? availableParallelism();
  if (form.form === 'whole') return loadWhole(request, form.scan);
  if (!canRunSegments(request.spec)) return loadWhole(request, 'scan');
  switch (form.mode) {
    case 'throughput':
      return loadPool(request, threads);
    case 'latency':
      return loadSingle(request, threads);
    default:
      throw form.mode satisfies never;
  }
}
