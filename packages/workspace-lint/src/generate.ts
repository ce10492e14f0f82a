/** `pnpm generate`: writes the files that follow from others. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generated } from './generated.ts';

const root = join(import.meta.dirname, '../../..');
for (const [path, content] of Object.entries(generated(root))) {
  writeFileSync(join(root, path), content);
  process.stderr.write(`${path}\n`);
}
