/** Writes schema/results-2.json; run after a change of the schema (and of its version). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { schemaVersion } from './fields.ts';
import { resultsJsonSchema } from './json-schema.ts';

const file = join(import.meta.dirname, `../schema/results-${schemaVersion}.json`);
writeFileSync(file, `${JSON.stringify(resultsJsonSchema(), null, 2)}\n`);
