/** ONNX Runtime on the CPU behind the Backend interface. */
import { availableParallelism, cpus } from 'node:os';
import type { Backend } from '@vssm/backend';
import type { ScanForm } from '@vssm/graph';
import { onnxRuntime } from './ort.ts';
import { loadWhole } from './whole.ts';

/** @param scan how the whole graph spells its scan; default `scan`, the faster one on a CPU */
export function cpuBackend(scan: ScanForm = 'scan'): Backend {
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
    load: (request) => loadWhole(request, scan),
  };
}
