import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dependents, mermaid } from './dependency-graph.ts';
import { generated } from './generated.ts';

const root = join(import.meta.dirname, '../../..');

describe('generated files', () => {
  it.each(Object.entries(generated(root)))('%s is as `pnpm generate` writes it', (path, content) => {
    expect(readFileSync(join(root, path), 'utf8')).toBe(content);
  });
});

describe('the dependency graph', () => {
  const graph = new Map([
    ['core', []],
    ['kernels', ['core']],
    ['backend-cpu', ['core', 'kernels']],
    ['report', ['core']],
    ['cli', ['backend-cpu', 'core', 'report']],
  ]);

  it('leaves out what follows from other arrows', () => {
    expect(mermaid(graph).split('\n')).toEqual([
      'graph LR',
      '  kernels --> core',
      '  backend-cpu --> kernels',
      '  report --> core',
      '  cli --> backend-cpu',
      '  cli --> report',
    ]);
  });

  it('tells what a changed kernel concerns', () => {
    expect(dependents(graph, 'kernels')).toEqual(['backend-cpu', 'cli', 'kernels']);
  });
});
