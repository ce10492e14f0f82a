/** Writes docs/commands.md; a part of `pnpm generate`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandsPage } from './commands-page.ts';

const page = 'docs/commands.md';
writeFileSync(join(import.meta.dirname, '../../..', page), await commandsPage());
process.stderr.write(`${page}\n`);
