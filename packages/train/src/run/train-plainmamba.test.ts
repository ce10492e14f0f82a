/** That a PlainMamba's run, whose buffers follow statistics, ends at the same bits however it is cut. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCheckpoint } from '@vssm/checkpoints';
import { modelTensors } from '@vssm/families';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readLog } from './log.ts';
import { smallPlainRun } from './test-support/made-up-run.ts';
import { runFiles, train } from './train.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-train-plainmamba-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function lossesOf(out: string): number[] {
  return readLog(join(out, runFiles.log)).flatMap((line) => (line.kind === 'step' ? [line.loss] : []));
}

it('learns, and stopped, resumed and on one thread ends at the same bits, statistics included', async () => {
  const [whole, cut] = [join(folder, 'whole'), join(folder, 'cut')];
  await train(smallPlainRun(whole));
  const losses = lossesOf(whole);
  expect(losses.at(-1)).toBeLessThan(0.75 * losses[0]);

  let seen = 0;
  const first = await train(smallPlainRun(cut, { threads: 1, stopped: () => ++seen === 7 }));
  expect(first).toMatchObject({ state: 'stopped', step: 7 });
  await train(smallPlainRun(cut, { threads: 1 }));
  expect(lossesOf(cut)).toEqual(losses);
  const files = [whole, cut].map((out) => readFileSync(join(out, runFiles.model)));
  expect(Buffer.compare(files[0], files[1])).toBe(0);

  const { tensors } = await readCheckpoint(join(whole, runFiles.model));
  const { spec } = smallPlainRun('');
  expect([...tensors.keys()].sort()).toEqual([...modelTensors(spec).keys()].sort());
  const variances = tensors.get('backbone.patch_embed.stem.1.running_var')!.data;
  expect(variances.every((value) => value > 0 && value !== 1)).toBe(true);
});
