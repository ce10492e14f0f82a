/** One worker thread: its own sessions, its own kernel memory, one thread inside each operator. */
import { parentPort, workerData } from 'node:worker_threads';
import { float32, type Weights } from '@vssm/core';
import { SegmentEngine } from './engine.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './messages.ts';

const port = parentPort!;
const say = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

try {
  const { spec, plan, weights: shared, largestChunk, kernels } = workerData as WorkerSetup;
  const weights: Weights = new Map(
    shared.map(({ name, shape, data }) => [name, float32(shape, new Float32Array(data))]),
  );
  const engine = await SegmentEngine.create(spec, weights, plan, 1, { largest: largestChunk, kernels });
  port.on('message', async (message: ToWorker) => {
    if (message.kind === 'stop') {
      await engine.dispose();
      port.close();
      return;
    }
    try {
      const { logits, kept } = await engine.run(message);
      const own = new Float32Array(logits);
      say({ kind: 'done', logits: own, kept: [...kept] }, [own.buffer]);
    } catch (error) {
      say({ kind: 'failed', reason: String(error) });
    }
  });
  say({ kind: 'ready', chunkSize: engine.chunkSize });
} catch (error) {
  say({ kind: 'unusable', reason: String(error) });
}
