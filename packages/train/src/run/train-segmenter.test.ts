/** That a segmenter's run learns, ends at the same bits however it is cut, and leaves a file that the project reads. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCheckpoint } from '@vssm/checkpoints';
import { visionTensors, withInputSize } from '@vssm/vision-tasks';
import { loadVisionModel } from '@vssm/vision-tasks/checkpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sceneExamples } from '../data/examples.ts';
import { isSegmenter } from '../trained-spec.ts';
import { readLog, type StepLine } from './log.ts';
import { colours, horizons, madeUpSide, smallSegmenterRun } from './test-support/made-up-scenes.ts';
import { runFiles, train } from './train.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-train-segmenter-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function stepsOf(out: string): StepLine[] {
  return readLog(join(out, runFiles.log)).filter((line) => line.kind === 'step');
}

describe('a run of a segmenter', () => {
  it('learns, and stopped, resumed and on one thread ends at the same bits', async () => {
    const [whole, cut] = [join(folder, 'whole'), join(folder, 'cut')];
    await train(smallSegmenterRun(whole));
    const steps = stepsOf(whole);
    expect(steps.at(-1)!.loss).toBeLessThan(0.75 * steps[0].loss);
    expect(steps.at(-1)!.top1).toBeGreaterThan(steps[0].top1);

    let seen = 0;
    const first = await train(smallSegmenterRun(cut, { threads: 1, stopped: () => ++seen === 7 }));
    expect(first).toMatchObject({ state: 'stopped', step: 7 });
    await train(smallSegmenterRun(cut, { threads: 1 }));
    expect(stepsOf(cut).map(({ loss, top1 }) => [loss, top1])).toEqual(
      steps.map(({ loss, top1 }) => [loss, top1]),
    );
    const files = [whole, cut].map((out) => readFileSync(join(out, runFiles.model)));
    expect(Buffer.compare(files[0], files[1])).toBe(0);

    const loaded = loadVisionModel(await readCheckpoint(join(whole, runFiles.model)));
    const { spec } = smallSegmenterRun('');
    if (!isSegmenter(spec)) throw new Error('made up otherwise');
    expect(withInputSize(loaded.spec, madeUpSide, madeUpSide)).toEqual(spec);
    expect(loaded.classes).toEqual(['above', 'below']);
    expect([...loaded.weights.keys()]).toEqual([...visionTensors(spec).keys()]);
    const variances = loaded.weights.get('decode_head.bottleneck.bn.running_var')!.data;
    expect(variances.every((value) => value > 0 && value !== 1)).toBe(true);
  });

  it('says which picture is of another size', async () => {
    const examples = sceneExamples(horizons(60, 12), colours);
    const out = join(folder, 'refused');
    await expect(train(smallSegmenterRun(out, { examples }))).rejects.toThrow(
      /image \d+: is 12x12 and enters as 12x12, the model learns from 8 rows of 8/,
    );
    expect(existsSync(out)).toBe(false);
  });
});
