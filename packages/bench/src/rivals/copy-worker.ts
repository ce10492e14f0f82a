/** Copies a large array each time it is told to, and answers with the ms that it took. */
import { parentPort, workerData } from 'node:worker_threads';

const port = parentPort!;
const { bytes } = workerData as { bytes: number };
const from = new Float32Array(bytes / 4).fill(1);
const to = new Float32Array(bytes / 4).fill(2);
port.on('message', () => {
  const started = performance.now();
  to.set(from);
  port.postMessage(performance.now() - started);
});
port.postMessage(0);
