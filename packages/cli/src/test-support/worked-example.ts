/** The worked examples of docs, carried out on a copy of the packages that they touch. */
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export const root = join(import.meta.dirname, '../../../..');

/** Copies packages with all that they need, so that their own links lead to the copies. */
export function copyPackages(target: string, names: readonly string[], skipped: readonly string[]): void {
  const needed = new Set<string>();
  const add = (name: string) => {
    if (needed.has(name)) return;
    needed.add(name);
    const { dependencies = {} } = JSON.parse(
      readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'),
    );
    for (const own of Object.keys(dependencies)) if (own.startsWith('@vssm/')) add(own.slice(6));
  };
  for (const name of names) add(name);
  const left = ['.vite', '.cache', 'bench', ...skipped];
  for (const name of needed) {
    cpSync(join(root, 'packages', name), join(target, 'packages', name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !left.includes(basename(path)),
    });
  }
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'));
  writeFileSync(join(target, 'package.json'), '{"type":"module"}');
}

/**
 * What the compiler has to say of the copies, tests left out.
 *
 * @param tests files that are compiled although only tests use them
 */
export function compile(target: string, tests: readonly string[] = []): string {
  const options = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  const exclude = ['**/*.asm.ts', '**/*.test.ts', '**/*.fuzz.ts', '**/test-support'];
  const config = { ...options, include: ['packages/*/src'], exclude, files: tests };
  writeFileSync(join(target, 'tsconfig.json'), JSON.stringify(config));
  return spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', target], { encoding: 'utf8' }).stdout;
}
