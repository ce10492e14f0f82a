/** One thread of a rival that runs apart: told a number of images, it runs them and says so. */
import { parentPort, workerData } from 'node:worker_threads';
import { openRival, type RivalSetup } from './rival.ts';

const port = parentPort!;
const rival = await openRival(workerData as RivalSetup, { cores: 'together', threads: 1 });
port.on('message', async (images: number) => {
  await rival.run(images);
  port.postMessage('done');
});
port.postMessage('ready');
