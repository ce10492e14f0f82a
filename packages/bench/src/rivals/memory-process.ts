/** A separate process: opens a rival, runs it twice, prints the peak of its resident memory in bytes. */
import { type MemoryRequest, ownPeakMemory } from './memory.ts';
import { openRival } from './rival.ts';

const { setup, mode } = JSON.parse(process.argv[2]) as MemoryRequest;
const rival = await openRival(setup, mode);
await rival.run(mode.batch);
await rival.run(mode.batch);
await rival.dispose();
process.stdout.write(String(ownPeakMemory()));
