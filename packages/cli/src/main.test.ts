import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readSafetensors } from '@vssm/checkpoints';
import { dataTypes, decodeModel } from '@vssm/graph';
import { readResults } from '@vssm/results';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vssmIn } from './test-support/vssm.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const golden = fileURLToPath(new URL('../../backend/testdata/a_vim_micro.safetensors', import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const vssm = vssmIn(() => folder);

async function json(...args: string[]) {
  const { code, stdout, stderr } = await vssm(...args, '--json');
  expect(stderr).not.toMatch(/error/);
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

describe('vssm flops', () => {
  it('prints one document with the paper profile by default', async () => {
    const result = await json('flops', '--model', 'vim-small', '--prune', '5,10,15@0.8');
    expect(result).toMatchObject({ profile: 'paper', params: 25796584, tokens: [197, 157, 125, 101] });
    expect(result.gflops).toBeCloseTo(3.6002, 4);
  });

  it('prints for people on stdout without --json', async () => {
    const { stdout, stderr } = await vssm('flops', '--model', 'vim-tiny', '--profile', 'strict');
    expect(stderr).toBe('');
    expect(stdout).toContain('7,148,008');
  });

  it.each([
    [['--model', 'vim-huge'], 'vim-tiny, vim-small, vim-base'],
    [['--model', 'vim-tiny', '--prune', '5,10'], '5,10,15@0.8'],
    [['--model', 'vim-tiny', '--prune', '30@0.5'], 'the model has 24 blocks'],
    [['--model', 'vim-tiny', '--alignment', 'hold'], 'expected one of none, decay, mask'],
    [['--model', 'vim-tiny', '--profile', 'loose'], 'expected one of paper, strict'],
    [['--model', 'vim-tiny', '--alignment', 'mask', '--conv', 'compact', '--prune', '5@0.5'], 'implies'],
    [['--model', 'vim-tiny', '--seed', '-1'], '--seed'],
    [['--checkpoint', 'nowhere.pth'], 'nowhere.pth'],
    [['--nonsense'], '--nonsense'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await vssm('flops', ...args);
    expect(code).not.toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });
});

describe('plans', () => {
  it('have names that say every option', async () => {
    const naive = ['flops', '--model', 'vim-tiny', '--prune', '5@0.7', '--alignment', 'none'];
    const named = await Promise.all(
      [[], ['--token-order', 'recentred'], ['--order', 'mirrored'], ['--count-class-token']].map((options) =>
        vssm(...naive, ...options),
      ),
    );
    const names = named.map(({ stdout, stderr }) => /^plan +(.*)$/m.exec(stdout + stderr)?.[1]);
    expect(names).toEqual([
      '5@0.7, gated clip, none, compact',
      '5@0.7, gated clip, none, compact, recentred',
      '5@0.7, gated clip, none, compact, mirrored',
      '5@0.7, gated clip, none, compact, class token counted',
    ]);
  });
});

describe('vssm predict', () => {
  it.each([
    ['reference', 'F64', 1e-9],
    ['cpu', 'F32', 2e-5],
  ])('reproduces the golden logits with %s', async (backend, dtype, tolerance) => {
    const out = join(folder, `${backend}.safetensors`);
    const result = await json(
      'predict',
      '--checkpoint',
      golden,
      '--tensor',
      golden,
      '--backend',
      backend,
      '--out',
      out,
    );
    expect(result).toMatchObject({ count: 2, backend });
    const { tensors } = await readSafetensors(out);
    const logits = tensors.get('logits')!;
    const expected = (await readSafetensors(golden)).tensors.get('logits_f64')!.data as Float64Array;
    expect([logits.dtype, logits.shape]).toEqual([dtype, [2, 10]]);
    for (const [i, value] of expected.entries())
      expect(Math.abs(Number(logits.data[i]) - value)).toBeLessThan(tolerance);
  });

  it('flops of a detector come by part, and those of its backbone fall with pruning', async () => {
    const model = ['flops', '--model', 'plainmamba-l1-maskrcnn', '--profile', 'strict'];
    const dense = await json(...model);
    const pruned = await json(...model, '--prune', '5,9,13,17,21@0.8');
    const sum = Object.values<number>(pruned.parts).reduce((total, part) => total + part, 0);
    expect(sum).toBeCloseTo(pruned.gflops, 9);
    expect(pruned.parts.layers).toBeLessThan(0.8 * dense.parts.layers);
    expect(pruned.parts.boxes).toBe(dense.parts.boxes);
    expect(dense).toMatchObject({ params: 31_212_128, schedule: '' });
  });

  it('writes the kept positions of every step', async () => {
    const out = join(folder, 'pruned.safetensors');
    await json(
      'predict',
      '--checkpoint',
      golden,
      '--tensor',
      golden,
      '--prune',
      '1,3@0.7',
      '--out',
      out,
      '--batch',
      '1',
    );
    const { tensors } = await readSafetensors(out);
    expect(tensors.get('kept.1')).toMatchObject({ dtype: 'I64', shape: [2, 45] });
    expect(tensors.get('kept.3')).toMatchObject({ dtype: 'I64', shape: [2, 31] });
    const first = [...(tensors.get('kept.3')!.data as BigInt64Array).subarray(0, 31)];
    expect(first).toEqual(first.toSorted((a, b) => Number(a - b)));
    expect(first).toContain(32n);
  });

  it('says what it needs, and leaves nothing half-written behind', async () => {
    expect((await vssm('predict')).stderr).toContain('--tensor FILE.safetensors');
    expect((await vssm('predict', '--tensor', golden)).stderr).toContain('the model takes [B, 1, 28, 28]');
    const cut = join(folder, 'cut.safetensors');
    writeFileSync(cut, readFileSync(golden).subarray(0, 5000));
    const { code, stderr } = await vssm(
      'predict',
      '--checkpoint',
      cut,
      '--tensor',
      golden,
      '--out',
      'never.safetensors',
    );
    expect(code).toBe(1);
    expect(stderr).toContain('cut.safetensors');
    expect(readdirSync(folder).filter((name) => name.includes('never'))).toEqual([]);
  });
});

describe('vssm export', () => {
  it('writes a model whose bytes it names', async () => {
    const out = join(folder, 'model.onnx');
    const result = await json('export', '--prune', '2,4,6@0.7', '--out', out);
    expect(result.outputs).toEqual(['logits', 'kept.2', 'kept.4', 'kept.6']);
    expect(createHash('sha256').update(readFileSync(out)).digest('hex')).toBe(result.sha256);
  });

  it('keeps the weights beside it where that is asked for', async () => {
    const args = ['export', '--prune', '2,4,6@0.7', '--out'];
    const inside = await json(...args, join(folder, 'inside.onnx'));
    const out = join(folder, 'beside.onnx');
    const { externalData, bytes } = await json(...args, out, '--external-data');
    expect(externalData).toEqual({ file: `${out}.data`, bytes: statSync(`${out}.data`).size });
    expect(bytes).toBeLessThan(inside.bytes / 2);
    // Tensor by tensor the same bytes, wherever they lie.
    const data = readFileSync(externalData.file);
    const weights = (file: string) =>
      decodeModel(readFileSync(file)).graph.initializer.map(({ name, raw_data, external_data }) => {
        const { location, offset, length } = Object.fromEntries(
          (external_data ?? []).map(({ key, value }) => [key, value]),
        );
        if (location === undefined) return [name, Buffer.from(raw_data!).toString('hex')];
        expect(location).toBe('beside.onnx.data');
        return [name, data.subarray(+offset, +offset + +length).toString('hex')];
      });
    expect(weights(out)).toEqual(weights(join(folder, 'inside.onnx')));
  });

  it('stores the products into and out of the mixers in half precision where that is asked for', async () => {
    const out = join(folder, 'half.onnx');
    expect(await json('export', '--precision', 'f16', '--out', out)).toMatchObject({ precision: 'f16' });
    const { initializer } = decodeModel(readFileSync(out)).graph;
    const halves = initializer.filter(({ data_type }) => data_type === dataTypes.F16);
    expect(halves.map(({ name }) => name)).toContain('layers.7.mixer.out_proj.weight');
    expect(halves).toHaveLength(2 * 8);
    const folderOut = join(folder, 'half-stages');
    const { code, stderr } = await vssm(
      ...['export', '--model', 'plainmamba-l1-maskrcnn', '--precision', 'f16', '--out', folderOut],
    );
    expect(code).toBe(1);
    expect(stderr).toContain('--precision f16: goes with classifiers; a detector or segmenter is float32');
    expect(existsSync(folderOut)).toBe(false);
  });

  it('fails cleanly where it cannot write', async () => {
    const { code, stderr } = await vssm('export', '--out', join(folder, 'no', 'such', 'folder.onnx'));
    expect(code).toBe(1);
    expect(stderr).toContain('its folder is not there; make it, or choose another one');
  });
});

describe('vssm eval', () => {
  it('evaluates the embedded model on the embedded images', async () => {
    const result = await json('eval', '--limit', '200');
    expect(result).toMatchObject({ count: 200, correct1: 181, partial: true, failed: [] });
    expect(result.interval[0]).toBeLessThan(result.top1);
    expect(result.interval[1]).toBeGreaterThan(result.top1);
  });

  it('reproduces independently measured pruned accuracy: ToP at keep .7, first 4,000 images', async () => {
    const result = await json('eval', '--limit', '4000', '--prune', '2,4,6@0.7');
    // datasets/fashion-mnist/CHECKPOINT.md: 64.47 % in PyTorch; one image is 0.025 points.
    expect(Math.abs(result.top1 - 64.47)).toBeLessThan(0.1);
  }, 120_000);

  it('refuses a model of another data set', async () => {
    const { code, stderr } = await vssm('eval', '--model', 'vim-tiny');
    expect(code).toBe(1);
    expect(stderr).toContain("another data set's model");
  });

  it('says where ImageNet would have to be', async () => {
    expect((await vssm('eval', '--dataset', 'imagenet')).stderr).toContain('--data FOLDER');
    expect((await vssm('eval', '--dataset', 'imagenet', '--data', 'nowhere')).stderr).toContain('nowhere');
  });
});

describe('vssm eval --shard and vssm merge', () => {
  const some = ['eval', '--limit', '300', '--batch', '16', '--prune', '2,4,6@0.7'];

  it('merges sixteen shards to the predictions of one run, byte for byte', async () => {
    const one = await json(...some, '--out', 'one');
    for (let index = 1; index <= 16; index++) {
      const shard = ['--threads', '1', '--shard', `${index}/16`, '--out', `parts/${index}`];
      const { code, stderr } = await vssm(...some, ...shard);
      expect(code, stderr).toBe(0);
    }
    const merged = await json('merge', 'parts', '--out', 'merged');
    expect(merged).toMatchObject({ folders: 16, joined: 1, images: 300 });
    const file = readdirSync(join(folder, 'merged/predictions'));
    expect(file).toEqual(readdirSync(join(folder, 'one/predictions')));
    const bytes = readFileSync(join(folder, 'one/predictions', file[0]));
    expect(bytes.toString().split('\n')).toHaveLength(1 + 300 + 1);
    expect(readFileSync(join(folder, 'merged/predictions', file[0]))).toEqual(bytes);
    const { records } = readResults(join(folder, 'merged'));
    expect(records.find(({ kind }) => kind === 'accuracy')).toMatchObject({
      top1: one.top1,
      correct5: one.correct5,
    });
  }, 400_000);

  it('says what is missing, and needs a place for a shard', async () => {
    const { code, stderr } = await vssm('merge', 'parts/1', 'parts/3', '--out', 'never');
    expect(code).toBe(1);
    expect(stderr).toContain('of its 16 shards 14 are missing: 2, 4, 5');
    expect(existsSync(join(folder, 'never'))).toBe(false);
    expect((await vssm(...some, '--shard', '1/2')).stderr).toContain('give --out FOLDER');
    expect((await vssm('bench', '--shard', '3/2')).stderr).toContain('--shard "3/2"');
  });
});

describe.skipIf(!existsSync(fileURLToPath(new URL('../../../.git', import.meta.url))))('vssm history', () => {
  it('keeps what a commit gave, and exits with 1 where an earlier one gave something else', async () => {
    await json('eval', '--limit', '20', '--out', 'night');
    const { file, regressions } = await json('history', '--results', 'night', '--history', 'kept');
    expect(regressions).toEqual([]);
    const entry = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    expect(entry.rows).toMatchObject([
      { kind: 'accuracy', row: expect.stringMatching(/^eval\/fashion-mnist:dense:[0-9a-f]{8}$/), count: 20 },
    ]);

    const earlier = { ...entry, commit: 'a'.repeat(40), at: '2001-01-01T00:00:00Z' };
    earlier.rows[0].correct1--;
    writeFileSync(join(folder, file, '../earlier.json'), JSON.stringify(earlier));
    const { code, stdout } = await vssm('history', '--results', 'night', '--history', 'kept');
    expect(code).toBe(1);
    expect(stdout).toMatch(/accuracy: eval\/fashion-mnist:dense:[0-9a-f]{8}: right among 1 and 5/);
  }, 120_000);
});

describe('vssm doctor', () => {
  it('lists machine, backends and data sets, with fixes', async () => {
    const { findings } = await json('doctor');
    const usable = Object.fromEntries(
      findings.map((f: { name: string; usable: boolean }) => [f.name, f.usable]),
    );
    expect(usable).toMatchObject({ cpu: true, reference: true, 'Fashion-MNIST (embedded)': true });
    expect(findings.every((f: { usable: boolean; fix?: string }) => f.usable || f.fix !== undefined)).toBe(
      true,
    );
  });

  it.skipIf(process.platform === 'win32')('says why the native kernels are not there', async () => {
    const compiler = join(folder, 'broken-cc');
    const answers =
      'case "$*" in *-dM*) echo \'#define made_up 1\';; *) echo no room left >&2; exit 1;; esac';
    writeFileSync(compiler, `#!/bin/sh\n${answers}\n`, { mode: 0o700 });
    const env = { ...process.env, CC: compiler, VSSM_KERNELS: 'auto' };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [main, 'doctor'], { env });
    expect(stdout).toMatch(/cpu: .*WebAssembly kernels, no native ones: .*no room left/);
    expect(stderr.match(/no room left; WebAssembly ones run instead/g)).toHaveLength(1);
  });
});

describe('vssm bench', () => {
  it('does nothing the second time, and leaves the report alone', async () => {
    const twice = [
      'bench',
      ...['--limit', '4', '--only', 'table5-alignment', '--threads', '1'],
      ...['--out', 'twice', '--report', 'report'],
    ];
    expect(await json(...twice)).toMatchObject({ foundDone: 0, failures: [] });
    const report = join(folder, 'report/index.html');
    const made = statSync(report).mtimeMs;
    const results = readFileSync(join(folder, 'twice/results.jsonl'));
    const again = await json(...twice);
    expect(again.carriedOut).toBe(0);
    expect(again.foundDone).toBeGreaterThan(10);
    expect(statSync(report).mtimeMs).toBe(made);
    expect(readFileSync(join(folder, 'twice/results.jsonl'))).toEqual(results);
  }, 120_000);
});

describe('vssm bench --plan', () => {
  it('says what would run and writes nothing', async () => {
    const { code, stdout } = await vssm('bench', '--plan', '--limit', '10', '--out', 'planned');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^ +\S.* Vim-nano \(Fashion-MNIST\): dense, every image, 10 images {2}\[.*table4-importance.*\]$/m,
    );
    expect(stdout).toMatch(
      /^about .* in all; results would go to planned\/results\.jsonl; nothing was written$/m,
    );
    expect(existsSync(join(folder, 'planned'))).toBe(false);
  });
});
