/**
 * Lint step: prints every breach of the import table, every family named out of place and every export without a doc
 * comment; fails if there is one.
 */
import { fileURLToPath } from 'node:url';
import { checkWorkspace } from './check.ts';
import { checkDocComments } from './doc-comments.ts';
import { checkFamilyMentions } from './family-mentions.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const breaches = [...checkWorkspace(root), ...checkFamilyMentions(root), ...checkDocComments(root)];
for (const breach of breaches) process.stderr.write(`${breach}\n`);
process.stderr.write(
  breaches.length === 0
    ? 'import table holds, families are named in their rooms, exports say what they do\n'
    : `${breaches.length} breaches\n`,
);
process.exitCode = breaches.length === 0 ? 0 : 1;
