/** The worked example of docs/adding-a-model.md, carried out on a copy of the packages it touches. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { carryOut, editsOf } from '@vssm/workspace-lint/doc-edits';
import { afterAll, describe, expect, it } from 'vitest';
import { compile, copyPackages, root } from './test-support/worked-example.ts';

const page = readFileSync(join(root, 'docs/adding-a-model.md'), 'utf8');
const edits = editsOf(page);

/** The tolerances of each backend's own conformance test; beside the reference's, not every combination of options. */
const float32 = '{ golden: 2e-5, relative: 1e-5 }';
const conformance: Readonly<Record<string, { readonly place: string; readonly test: string }>> = {
  reference: {
    place: 'backend',
    test: `
import { describeConformance } from './test-support/conformance.ts';
import { referenceBackend } from './reference.ts';
await describeConformance('reference', referenceBackend, { golden: 1e-9, relative: 1e-12 }, { families: ['lasttoken'] });
`,
  },
  'cpu, segments': {
    place: 'backend-cpu',
    test: `
import { describeConformance } from '@vssm/backend/test-support';
import { cpuBackend } from './index.ts';
const only = { families: ['lasttoken'] as const, everyOption: 4 };
for (const mode of ['throughput', 'latency'] as const)
  await describeConformance(mode, cpuBackend({ form: 'segments', mode }), ${float32}, only);
`,
  },
  'cpu, whole graphs': {
    place: 'backend-cpu',
    test: `
import { describeConformance } from '@vssm/backend/test-support';
import { cpuBackend } from './index.ts';
const only = { families: ['lasttoken'] as const, everyOption: 4 };
for (const scan of ['scan', 'linear-attention'] as const)
  await describeConformance(scan, cpuBackend({ form: 'whole', scan }), ${float32}, only);
`,
  },
  wasm: {
    place: 'backend-webgpu',
    test: `
import { describeConformance } from '@vssm/backend/test-support';
import { withBrowser } from './test-support/browser.ts';
import { wasmBackend } from './index.ts';
await withBrowser(async (browser) => {
  const tab = await browser.openTab();
  await describeConformance('wasm', wasmBackend({ tab }), ${float32}, { families: ['lasttoken'], everyOption: 4 });
});
`,
  },
  webgpu: {
    place: 'backend-webgpu',
    test: `
import { describeConformance } from '@vssm/backend/test-support';
import { withBrowser } from './test-support/browser.ts';
import { webgpuBackend } from './index.ts';
await withBrowser(async (browser) => {
  const tab = await browser.openTab();
  const part = { families: ['lasttoken'] as const, everyOption: 11, merges: false };
  await describeConformance('webgpu', webgpuBackend({ tab }), ${float32}, part);
});
`,
  },
};

describe('the worked example of a new family', () => {
  const target = mkdtempSync(join(tmpdir(), 'vssm-family-'));
  afterAll(() => rmSync(target, { recursive: true, force: true }));

  it('is a folder, a mixer in each backend, and lines in tables', () => {
    const created = edits.filter(({ how }) => how === 'a new file').map(({ file }) => file);
    expect(created.filter((file) => !file.includes('lasttoken'))).toEqual([]);
    expect(created).toHaveLength(8);
    const changed = new Set(edits.filter(({ how }) => how !== 'a new file').map(({ file }) => file));
    expect([...changed].sort()).toEqual([
      'packages/backend-cpu/src/segments/table.ts',
      'packages/backend-webgpu/src/page/gpu/table.ts',
      'packages/backend/src/test-support/golden/families.ts',
      'packages/families/src/checkpoint/table.ts',
      'packages/families/src/graph/table.ts',
      'packages/families/src/index.ts',
      'packages/families/src/schema.ts',
      'packages/families/src/table.ts',
    ]);
  });

  it('fits where it says and passes the compiler', () => {
    copyPackages(target, ['bench', 'report', 'train', 'backend-webgpu'], []);
    carryOut(edits, target);
    expect(compile(target, ['packages/backend/src/test-support/golden/families.ts'])).toBe('');
  }, 300_000);

  it.each(Object.entries(conformance))(
    'passes the conformance suite: %s',
    (name, { place, test }) => {
      const file = `packages/${place}/src/lasttoken-${name.replaceAll(/\W+/g, '-')}.test.ts`;
      writeFileSync(join(target, file), test);
      const report = join(target, `${name.replaceAll(/\W+/g, '-')}.json`);
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [
          join(root, 'node_modules/vitest/vitest.mjs'),
          'run',
          '--testTimeout=300000',
          '--reporter=json',
          `--outputFile=${report}`,
          file,
        ],
        { cwd: target, encoding: 'utf8', maxBuffer: 2 ** 28 },
      );
      expect(status, stdout + stderr).toBe(0);
      const { numPassedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
      // Without a browser the one test there is skips itself, as in the backend's own suite.
      if (numPendingTests === 0) expect(numPassedTests).toBeGreaterThan(10);
    },
    600_000,
  );
});
