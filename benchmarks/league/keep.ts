/** `node benchmarks/league/keep.ts RESULTS`: puts what a run of all rows has found into `measured/`. */
import { fileURLToPath } from 'node:url';
import { keepMeasured } from '@vssm/bench';
import { experiment } from './experiment.ts';

const [run] = process.argv.slice(2);
const out = fileURLToPath(new URL('measured', import.meta.url));
console.log(`${keepMeasured(run, experiment.id, out)} results kept in ${out}`);
