import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readModule } from './imports.ts';

const packages = fileURLToPath(new URL('../../../', import.meta.url));

describe('readModule', () => {
  it('takes the names that run and leaves types out', () => {
    const { imports } = readModule(
      [
        "import { a, type B, c as d } from './x.ts';",
        "import {\n  e,\n  type F,\n} from '@vssm/core';",
        "import type { G } from './types.ts';",
        "import table from './table.json' with { type: 'json' };",
        "import * as all from './all.ts';",
        "import './effects.ts';",
        "const later = async () => (await import('./later.ts')).run();",
      ].join('\n'),
      'file',
    );
    expect(imports).toEqual([
      { specifier: './x.ts', names: ['a', 'c'], locals: ['a', 'd'] },
      { specifier: '@vssm/core', names: ['e'], locals: ['e'] },
      { specifier: './table.json', names: ['default'], locals: ['table'] },
      { specifier: './all.ts', names: 'everything' },
      { specifier: './effects.ts', names: 'everything' },
      { specifier: './later.ts', names: 'everything' },
    ]);
  });

  it('takes re-exports under the names that they get', () => {
    const { reexports, defined } = readModule(
      [
        "export { a, b as c, type D } from './x.ts';",
        "export * from './y.ts';",
        "export * as z from './z.ts';",
        "export type { E } from './types.ts';",
        'export async function f() {}',
        'export const g = 1;',
        'export { local as h };',
        'export default 3;',
      ].join('\n'),
      'file',
    );
    expect(reexports).toEqual([
      { specifier: './x.ts', names: new Map(Object.entries({ a: 'a', c: 'b' })) },
      { specifier: './y.ts', names: undefined },
      { specifier: './z.ts', names: new Map([['z', '*']]) },
    ]);
    expect([...defined].sort()).toEqual(['default', 'f', 'g', 'h']);
  });

  it('takes worker threads and folders named by URL, and nothing of a page', () => {
    const { files } = readModule(
      [
        "new Worker(new URL('./worker.ts', import.meta.url));",
        "new URL('../../native/', import.meta.url);",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the text that is read
        'new URL(`../page/${file}`, import.meta.url);',
        "new URL('../wasm/kernels.wasm', import.meta.resolve('@vssm/kernels'));",
        "new URL('runtime/', import.meta.url);",
      ].join('\n'),
      'file',
    );
    expect(files).toEqual(['./worker.ts', '../../native/', '../page/', '@vssm/kernels!../wasm/kernels.wasm']);
  });

  it('refuses what it does not understand', () => {
    expect(() => readModule('import a from "./a.ts" + 1;\nexport x, y from \'./b.ts\';', 'odd.ts')).toThrow(
      'odd.ts: 1 imports are not understood',
    );
  });

  it('understands every source of the workspace', () => {
    const sources = readdirSync(packages)
      .flatMap((name) => readdirSync(join(packages, name, 'src'), { withFileTypes: true, recursive: true }))
      .filter(({ name }) => name.endsWith('.ts'));
    expect(sources.length).toBeGreaterThan(500);
    for (const { name, parentPath } of sources) {
      const file = join(parentPath, name);
      expect(() => readModule(readFileSync(file, 'utf8'), file)).not.toThrow();
    }
  });
});
