/** What a command must not leave unsaid: nothing compared, why another checkout failed, random weights, no schedule. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeSafetensors } from '@vssm/checkpoints';
import { completePlan } from '@vssm/core';
import { fashionScenesDir } from '@vssm/datasets';
import { type VisionSpec, visionModels } from '@vssm/vision-tasks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vssmIn } from './test-support/vssm.ts';
import { describeRun } from './vision-run.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-words-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = vssmIn(() => folder);

async function vssm(...args: string[]): Promise<{ code: number; printed: string; stdout: string }> {
  const { code, stdout, stderr } = await run(...args);
  return { code, printed: stdout + stderr, stdout };
}

it('history says that nothing was compared', async () => {
  mkdirSync(join(folder, 'run'));
  const commit = 'c'.repeat(40);
  const environment = {
    ...{ node: 'v1', os: 'linux 1', arch: 'x64', cpu: 'made-up', cores: 1, memoryBytes: 1 },
    ...{ accelerator: null, libraries: {} },
  };
  const run = {
    ...{ schema: 1, kind: 'run', key: 'run-1', createdAt: '2026-01-02T03:04:05Z', projectVersion: '0' },
    ...{ git: { commit, dirty: false }, environment, code: 'x', command: ['vssm'], seeds: {} },
  };
  writeFileSync(join(folder, 'run/results.jsonl'), `${JSON.stringify(run)}\n`);
  const { code, printed } = await vssm('history', '--results', 'run', '--history', 'kept');
  expect(code, printed).toBe(0);
  expect(printed).toContain('nothing was compared: no earlier commit is kept');
  expect(printed).not.toContain('no regression');
});

it('against shows all that the failed evaluation said', async () => {
  const entry = join(folder, 'other/packages/cli');
  mkdirSync(entry, { recursive: true });
  const lines = ["error: unknown option '--limit'", '(vssm --help lists the commands)'];
  writeFileSync(
    join(entry, 'vssm.js'),
    `process.stderr.write(${JSON.stringify(`${lines.join('\n')}\n`)});\nprocess.exitCode = 3;\n`,
  );
  // What it shows comes from a process of its own, on the same stream.
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [main, 'against', 'other', '--rounds', '1'],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  );
  const printed = stdout + stderr;
  expect(status).toBe(1);
  for (const line of lines) expect(printed).toContain(line);
  expect(printed).toMatch(
    /error: other: its evaluation \(vssm eval .*\) ended with 3; what it said is above/,
  );
});

it('predict says that weights are random', async () => {
  const input = { dtype: 'F32' as const, shape: [1, 3, 32, 32], data: new Float32Array(3 * 32 * 32) };
  await writeSafetensors(join(folder, 'input.safetensors'), new Map([['input', input]]));
  const random = ['predict', '--model', 'vim-tiny', '--image-size', '32x32', '--tensor', 'input.safetensors'];
  const { code, printed } = await vssm(...random);
  expect(code, printed).toBe(0);
  expect(printed).toMatch(/^model +vim-tiny, random weights: its answers mean nothing$/m);
  const { stdout } = await vssm(...random, '--json');
  expect(JSON.parse(stdout)).toMatchObject({ model: 'vim-tiny, random weights', randomWeights: true });
});

it.each(['flops', 'predict', 'eval', 'export', 'compare', 'finetune'])(
  '%s refuses an empty schedule',
  async (command) => {
    const out = command === 'finetune' ? ['--data', '.', '--out', 'a'] : [];
    const { code, printed } = await vssm(command, '--prune', '', ...out);
    expect(code).toBe(1);
    expect(printed).toContain('--prune "": is empty; leave it away for the dense model');
  },
);

describe('GFLOPs of detectors and segmenters', () => {
  const gflopsOf = (name: keyof typeof visionModels, max?: { long: number; short: number }) => {
    const spec: VisionSpec = visionModels[name];
    const model = { spec, name, checkpoint: null, classes: undefined, ignored: [] } as never;
    const record = { images: 4, failed: [], partial: false } as never;
    return describeRun(model, completePlan({ schedule: [] }), record, { throughput: null }, max).gflops;
  };

  it('are those of the usual size', () => {
    expect(gflopsOf('plainmamba-l1-maskrcnn')).toMatchObject({ height: 800, width: 1344 });
    expect(gflopsOf('plainmamba-l1-upernet')).toMatchObject({ height: 512, width: 512 });
  });

  it('are those of the size that was asked for', () => {
    const usual = gflopsOf('plainmamba-l1-maskrcnn');
    const small = gflopsOf('plainmamba-l1-maskrcnn', { long: 128, short: 90 });
    expect(small).toMatchObject({ height: 96, width: 128 });
    // What is left of Mask R-CNN is mostly the heads on 1,000 regions.
    expect(small.strict).toBeLessThan(usual.strict / 2);
    expect(small.tokens[0]).toBe((96 / 16) * (128 / 16));
    const segmenter = gflopsOf('plainmamba-l1-upernet', { long: 256, short: 120 });
    expect(segmenter).toMatchObject({ height: 128, width: 256 });
    expect(gflopsOf('vim-tiny-upernet', { long: 256, short: 120 })).toEqual(gflopsOf('vim-tiny-upernet'));
    // Of one window out of several, which the figure has to say.
    expect(gflopsOf('vim-tiny-upernet')).toMatchObject({ height: 512, width: 512, windowEvery: 341 });
    expect(segmenter.windowEvery).toBeNull();
  });

  it('are told of a file too', async () => {
    const file = join(fashionScenesDir, '..', 'upernet-nano.safetensors');
    const { code, stdout } = await vssm('flops', '--checkpoint', file, '--image-size', '64', '--json');
    expect(code).toBe(0);
    const { params, tokens, gflops, parts } = JSON.parse(stdout);
    expect({ params, tokens }).toEqual({ params: 350_822, tokens: [256] });
    const sum = Object.values<number>(parts).reduce((a, b) => a + b);
    expect(sum).toBeCloseTo(gflops, 10);
  });
});
