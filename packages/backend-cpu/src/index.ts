/** ONNX Runtime on the CPU behind the Backend interface, in two execution forms. */

import { availableParallelism, cpus } from 'node:os';
import type { Backend, LoadedModel, ModelRequest } from '@vssm/backend';
import { counted, UserError } from '@vssm/core';
import { checkPlan } from '@vssm/families';
import type { ScanForm } from '@vssm/graph';
import { type KernelChoice, kernelChoice, kernelImplementation, probeNative } from '@vssm/kernels';
import { onnxRuntime } from './ort.ts';
import { loadPool } from './segments/pool.ts';
import { loadSingle } from './segments/single.ts';
import { canRunSegments } from './segments/table.ts';
import { loadWhole } from './whole.ts';

export { loadMatmulFloor } from './matmul-floor.ts';
export { type LargeProduct, largeProductFlops, loadLargeProduct } from './product-roof.ts';
export { ContributionScan } from './segments/contribution-scan.ts';
export { type Chunk, SegmentEngine } from './segments/engine.ts';
export { type SharedWeight, shareWeights } from './segments/messages.ts';
export { SnakeContributions } from './segments/plainmamba/contributions.ts';
export { ScanAlone } from './segments/plainmamba/scan-alone.ts';
export { project } from './segments/project.ts';
export { type Places, scoreImages, select, unprunedPlaces } from './segments/prune.ts';

export type { Part, Stopwatch } from './segments/stopwatch.ts';
export { workerBytes } from './segments/worker-memory.ts';
export * from './vision/index.ts';
export { WorkerLanes } from './worker/lanes.ts';
export { startLinks, WorkerDied, type WorkerLink } from './worker/link.ts';
export { type Served, serve } from './worker/serve.ts';

/**
 * - `segments`: the fused kernels, and between them ONNX Runtime or native products; the fast path.
 * - `whole`: everything in one ONNX session, the scan spelled in ONNX.
 */
export type CpuForm =
  | {
      readonly form: 'segments';
      readonly mode: 'throughput' | 'latency';
      /** Default: the environment's choice, VSSM_KERNELS, else native ones where they can be built. */
      readonly kernels?: KernelChoice;
    }
  | { readonly form: 'whole'; readonly scan: ScanForm };

const fastPath: CpuForm = { form: 'segments', mode: 'throughput' };

/** ONNX Runtime and the kernels in this process. @param form default: the segments form on a pool of threads, the fastest for many images */
export function cpuBackend(form: CpuForm = fastPath): Backend {
  return {
    name: 'cpu',
    ...(form.form === 'segments' && { contributions: true }),
    async probe() {
      const implementation = await kernelImplementation();
      const kernels = { native: 'native kernels', wasm: 'WebAssembly kernels' }[implementation];
      const native = implementation === 'wasm' && kernelChoice() === 'auto' ? await probeNative() : null;
      try {
        const { env } = await onnxRuntime();
        const details = {
          runtime: `onnxruntime-node ${env.versions.node}`,
          ...(form.form === 'segments' && { kernels }),
          // Beside `kernels`, which goes into keys.
          ...(native?.available === false && { withoutNative: `no native ones: ${native.reason}` }),
          processor: cpus()[0]?.model ?? 'unknown',
          cores: counted(availableParallelism(), 'core'),
        };
        return { available: true, details, accelerator: null };
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

/** A model whose shapes the kernels do not take goes to the whole form. */
function load(request: ModelRequest, form: CpuForm): Promise<LoadedModel> {
  const threads = request.threads ?? availableParallelism();
  checkPlan(request.spec, request.plan);
  if (form.form === 'whole') return loadWhole(request, form.scan);
  if (!canRunSegments(request.spec)) {
    if (request.contributions !== true) return loadWhole(request, 'scan');
    throw new UserError(
      "--backend cpu: its kernels do not take this model's shapes, and without them it does not tell what the classifier reads of each token; take --backend reference",
    );
  }
  const kernels = form.kernels ?? kernelChoice();
  switch (form.mode) {
    case 'throughput':
      return loadPool(request, threads, kernels);
    case 'latency':
      return loadSingle(request, threads, kernels);
    default:
      throw form.mode satisfies never;
  }
}
