/** TypeScript files below a folder, whatever packages it links to. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * In the order of their names. Node's own recursive listing goes through links, and so through all of node_modules,
 * hundreds of thousands of files.
 */
export function typeScriptBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : typeScriptBelow(path);
      return entry.isFile() && entry.name.endsWith('.ts') ? [path] : [];
    });
}
