/** A process that asks one backend whether it can be used, for probe.ts: drivers may hang or crash in here. */
import { pathNamed } from './execution-paths.ts';
import type { ProbeQuestion } from './probe.ts';

const { name, form, options } = JSON.parse(process.argv[2]) as ProbeQuestion;
const { backend } = await pathNamed(name, form).open(options);
const probe = await backend.probe();
// The answer is on its way once it is called back; a driver's own threads are not waited for.
process.send!(probe, undefined, undefined, () => process.exit());
