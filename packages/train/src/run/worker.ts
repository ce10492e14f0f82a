/** One worker thread: its own engine, one micro-batch at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { GradientEngine } from '../engine/engine.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './messages.ts';

const port = parentPort!;
const say = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

try {
  const setup = workerData as WorkerSetup;
  const engine = await GradientEngine.create(setup.engine);
  const parameters = new Float32Array(setup.parameters);
  const { size } = engine.layout;
  let version = -1;
  port.on('message', async (message: ToWorker) => {
    if (message.kind === 'stop') {
      await engine.release();
      port.close();
      return;
    }
    try {
      if (message.version !== version) engine.setParameters(parameters);
      version = message.version;
      const { loss, logits } = await engine.run(message.micro);
      new Float32Array(setup.gradients, 4 * size * message.slot, size).set(engine.gradients);
      const own = new Float32Array(logits);
      say({ kind: 'done', loss, logits: own }, [own.buffer]);
    } catch (error) {
      say({ kind: 'failed', reason: String(error) });
    }
  });
  say({ kind: 'ready' });
} catch (error) {
  say({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
}
