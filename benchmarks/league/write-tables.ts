/** `node benchmarks/league/write-tables.ts`: puts the tables of what is in `measured/` into docs/league.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { leaguePage } from './tables.ts';

const page = new URL('../../docs/league.md', import.meta.url);
writeFileSync(page, leaguePage(readFileSync(page, 'utf8')));
