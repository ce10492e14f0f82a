/** JSON to a file that is there whole or not at all. */
import { renameSync, writeFileSync } from 'node:fs';

export function writeWhole(file: string, content: unknown): void {
  const unfinished = `${file}.unfinished`;
  writeFileSync(unfinished, `${JSON.stringify(content, null, 2)}\n`);
  renameSync(unfinished, file);
}
