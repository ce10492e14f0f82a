/**
 * That the run of any family ends at the same bits however it is cut (Vim's: train.test.ts), a PlainMamba's with the
 * statistics that its buffers follow; and that its file says whose it is.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCheckpoint } from '@vssm/checkpoints';
import { modelTensors } from '@vssm/families';
import { loadModel } from '@vssm/families/checkpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLog } from './log.ts';
import { smallPlainRun, smallRegisterRun, smallVideoRun } from './test-support/made-up-run.ts';
import { runFiles, train } from './train.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-train-families-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function lossesOf(out: string): number[] {
  return readLog(join(out, runFiles.log)).flatMap((line) => (line.kind === 'step' ? [line.loss] : []));
}

describe.each([
  ['plainmamba', smallPlainRun],
  ['videomamba', smallVideoRun],
  ['mambareg', smallRegisterRun],
])('a run of a %s', (family, runIn) => {
  it('learns, and stopped, resumed and on one thread ends at the same bits', async () => {
    const [whole, cut] = [join(folder, family), join(folder, `${family}-cut`)];
    await train(runIn(whole));
    const losses = lossesOf(whole);
    expect(losses.at(-1)).toBeLessThan(0.75 * losses[0]);

    let seen = 0;
    const first = await train(runIn(cut, { threads: 1, stopped: () => ++seen === 7 }));
    expect(first).toMatchObject({ state: 'stopped', step: 7 });
    await train(runIn(cut, { threads: 1 }));
    expect(lossesOf(cut)).toEqual(losses);
    const files = [whole, cut].map((out) => readFileSync(join(out, runFiles.model)));
    expect(Buffer.compare(files[0], files[1])).toBe(0);

    const checkpoint = await readCheckpoint(join(whole, runFiles.model));
    const { spec } = runIn('');
    expect([...checkpoint.tensors.keys()].sort()).toEqual([...modelTensors(spec).keys()].sort());
    const grid = family === 'plainmamba' ? { imageSize: { height: 8, width: 8 } } : {};
    expect(loadModel(checkpoint, grid).spec.family).toBe(family);
  });
});

it('a PlainMamba’s file has statistics that were followed', async () => {
  const out = join(folder, 'statistics');
  await train(smallPlainRun(out));
  const { tensors } = await readCheckpoint(join(out, runFiles.model));
  const variances = tensors.get('backbone.patch_embed.stem.1.running_var')!.data;
  expect(variances.every((value) => value > 0 && value !== 1)).toBe(true);
});
