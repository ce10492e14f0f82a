/** Lint step: prints every breach of the import table and fails if there is one. */
import { fileURLToPath } from 'node:url';
import { checkWorkspace } from './check.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const breaches = checkWorkspace(root);
for (const breach of breaches) process.stderr.write(`${breach}\n`);
process.stderr.write(breaches.length === 0 ? 'import table holds\n' : `${breaches.length} breaches\n`);
process.exitCode = breaches.length === 0 ? 0 : 1;
