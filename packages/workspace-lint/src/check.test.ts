import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkWorkspace } from './check.ts';
import { everything, mayImport } from './table.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'workspace-'));
  for (const group of ['packages', 'benchmarks', 'datasets']) mkdirSync(join(root, group));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

function manifest(name: string, dependencies: Record<string, string> = {}): void {
  write(`packages/${name}/package.json`, JSON.stringify({ name: `@vssm/${name}`, dependencies }));
}

describe('import table', () => {
  it('holds in this workspace', () => {
    expect(checkWorkspace(fileURLToPath(new URL('../../..', import.meta.url)))).toEqual([]);
  });

  it('is what docs/architecture.md shows', () => {
    const page = readFileSync(new URL('../../../docs/architecture.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `packages\/([a-z-]+)` \| .* \| ([^|]+) \|$/gm)];
    const shown = rows.map(([, name, may]) => {
      if (may === 'everything') return [name, [everything]];
      return [name, /^(—|nothing)$/.test(may) ? [] : may.split(', ').sort()];
    });
    const table = Object.entries(mayImport).map(([name, may]) => [name, may.toSorted()]);
    expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(table));
  });

  it('finds a dependency that the table does not list', () => {
    manifest('metrics', { '@vssm/bench': 'workspace:*', '@vssm/core': 'workspace:*' });
    expect(checkWorkspace(root)).toEqual(['packages/metrics: may not import @vssm/bench']);
  });

  it('finds a development dependency that the table does not list, for tests either', () => {
    const devDependencies = { '@vssm/bench': 'workspace:*', '@vssm/backend-webgpu': 'workspace:*' };
    write('packages/report/package.json', JSON.stringify({ name: '@vssm/report', devDependencies }));
    expect(checkWorkspace(root)).toEqual([
      'packages/report: may not import @vssm/bench, not in tests either',
    ]);
    const dependencies = { '@vssm/backend-webgpu': 'workspace:*' };
    write('packages/report/package.json', JSON.stringify({ name: '@vssm/report', dependencies }));
    expect(checkWorkspace(root)).toEqual(['packages/report: may not import @vssm/backend-webgpu']);
  });

  it('finds code that runs and imports what is declared for tests', () => {
    const devDependencies = { 'left-pad': '1.0.0' };
    write('packages/core/package.json', JSON.stringify({ name: '@vssm/core', devDependencies }));
    for (const file of ['a.test.ts', 'test-support/a.ts', 'a.ts']) {
      write(`packages/core/src/${file}`, "import pad from 'left-pad';\n");
    }
    expect(checkWorkspace(root)).toEqual([
      'packages/core/src/a.ts: imports "left-pad", which packages/core/package.json declares for tests only (devDependencies)',
    ]);
  });

  it('finds ONNX Runtime outside the backends', () => {
    manifest('graph', { 'onnxruntime-node': '1' });
    expect(checkWorkspace(root)).toEqual([expect.stringContaining('may not import onnxruntime-node')]);
  });

  it('finds paths into another package and undeclared imports', () => {
    manifest('core');
    write('packages/core/src/a.ts', "import { x } from '../../graph/src/x.ts';\nimport y from 'left-pad';\n");
    expect(checkWorkspace(root)).toEqual([
      expect.stringContaining('from another package'),
      expect.stringContaining('"left-pad"'),
    ]);
  });

  it('finds a package that is not in the table, and a file that is too long', () => {
    manifest('mystery');
    manifest('core');
    write('packages/core/src/long.ts', 'export {};\n'.repeat(401));
    const breaches = checkWorkspace(root);
    expect(breaches).toContainEqual(expect.stringContaining('mystery: not in the import table'));
    expect(breaches).toContainEqual(expect.stringContaining('401 lines'));
  });
});
