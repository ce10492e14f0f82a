import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCheckpoint } from '@vssm/checkpoints';
import { UserError } from '@vssm/core';
import { pruningPlan } from '@vssm/families';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { imageExamples } from '../data/examples.ts';
import { flatten, parameterLayout } from '../engine/layout.ts';
import { learningRateAt } from '../recipe/recipe.ts';
import { readLog, type StepLine } from './log.ts';
import { GradientPool } from './pool.ts';
import { grey, smallRun, stripedDataset } from './test-support/made-up-run.ts';
import { runFiles, train, weightsSha256 } from './train.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-train-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const child = fileURLToPath(new URL('./test-support/made-up-run.ts', import.meta.url));

/** 3 epochs of 5 steps. */
const steps = 15;

let reference: { sha256: string; losses: number[] };

async function referenceRun() {
  if (reference !== undefined) return reference;
  const outcome = await train(smallRun(join(folder, 'whole')));
  if (outcome.state !== 'finished') throw new Error(outcome.state);
  reference = { sha256: outcome.sha256, losses: lossesOf(join(folder, 'whole')) };
  return reference;
}

/** The same run's folder at another place. */
async function finishedIn(out: string): Promise<void> {
  await referenceRun();
  cpSync(join(folder, 'whole'), out, { recursive: true });
}

function lossesOf(out: string): number[] {
  return readLog(join(out, runFiles.log)).flatMap((line) => (line.kind === 'step' ? [line.loss] : []));
}

/** Starts the run in a separate process and kills it when the log reaches a step. */
async function killedAt(out: string, step: number): Promise<void> {
  const process_: ChildProcess = spawn(process.execPath, [child, out], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = new Promise((resolve) => process_.once('exit', resolve));
  let text = '';
  process_.stdout!.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (text.includes(`"step":${step},`)) process_.kill('SIGKILL');
  });
  await gone;
  expect(process_.signalCode).toBe('SIGKILL');
}

it('a gradient that is no number ends the run before it reaches the weights, and the run goes on from what was saved', async () => {
  const { sha256 } = await referenceRun();
  const out = join(folder, 'overflow');
  const compute = GradientPool.prototype.run;
  let step = 0;
  const broken = vi.spyOn(GradientPool.prototype, 'run').mockImplementation(async function (
    this: GradientPool,
    micros,
  ) {
    const result = await compute.call(this, micros);
    if (step++ === 12) result.gradient[3] = Number.NaN;
    return result;
  });
  await expect(train(smallRun(out))).rejects.toThrow('the gradient’s length is NaN after 12 steps');
  broken.mockRestore();
  expect(await train(smallRun(out))).toMatchObject({ state: 'finished', sha256 });
});

describe('a training run', () => {
  it('learns', async () => {
    const { losses } = await referenceRun();
    expect(losses).toHaveLength(steps);
    expect(losses[0]).toBeGreaterThan(0.9);
    // Smoothed labels: even a perfect answer costs 0.2.
    expect(losses.at(-1)).toBeLessThan(0.75 * losses[0]);
  });

  it('ends at the same bits whatever the number of threads', async () => {
    const { sha256 } = await referenceRun();
    const outcome = await train(smallRun(join(folder, 'one thread'), { threads: 1 }));
    expect(outcome).toMatchObject({ state: 'finished', sha256 });
  });

  it('killed and resumed, twice, ends at the same bits and the same log', async () => {
    const { sha256, losses } = await referenceRun();
    const out = join(folder, 'killed');
    // States are saved at 4, 5 and 8: both kills lose steps.
    await killedAt(out, 7);
    await killedAt(out, 9);
    const outcome = await train(smallRun(out));
    expect(outcome).toMatchObject({ state: 'finished', sha256 });
    expect(lossesOf(out)).toEqual(losses);
    const files = ['whole', 'killed'].map((name) => readFileSync(join(folder, name, runFiles.model)));
    expect(Buffer.compare(files[0], files[1])).toBe(0);
  });

  it('stopped and resumed ends at the same bits', async () => {
    const { sha256, losses } = await referenceRun();
    const out = join(folder, 'stopped');
    let seen = 0;
    const first = await train(smallRun(out, { logEvery: 5, stopped: () => ++seen === 7 }));
    expect(first).toEqual({ state: 'stopped', step: 7, steps });
    expect(await train(smallRun(out, { logEvery: 5 }))).toMatchObject({ state: 'finished', sha256 });
    // The line of steps 6 to 10 spans the stop.
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(lossesOf(out)[1]).toBeCloseTo(mean(losses.slice(5, 10)), 12);
  });

  it('run once more, only says what came out', async () => {
    const { sha256, losses } = await referenceRun();
    const out = join(folder, 'whole');
    expect(await train(smallRun(out))).toMatchObject({ state: 'finished', sha256 });
    expect(lossesOf(out)).toEqual(losses);
  });

  it('leaves a checkpoint that the project reads, and asks for its accuracy after every epoch', async () => {
    const out = join(folder, 'evaluated');
    const seen: string[] = [];
    const evaluate = async (weights: Parameters<typeof weightsSha256>[0]) => {
      seen.push(weightsSha256(weights));
      return { correct: 1, count: 4, top1: 25 };
    };
    const outcome = await train(smallRun(out, { evaluate }));
    if (outcome.state !== 'finished') throw new Error(outcome.state);
    expect(seen).toHaveLength(3);
    expect(seen.at(-1)).toBe(outcome.sha256);
    expect(weightsSha256((await readCheckpoint(outcome.model)).tensors)).toBe(outcome.sha256);
    const epochs = readLog(join(out, runFiles.log)).filter((line) => line.kind === 'epoch');
    expect(epochs.map(({ test }) => test)).toMatchObject([{ top1: 25 }, { top1: 25 }, { top1: 25 }]);
  });

  it('stopped in an evaluation keeps what was trained, and judges the epoch when it goes on', async () => {
    const { sha256, losses } = await referenceRun();
    const out = join(folder, 'stopped evaluating');
    let calls = 0;
    const evaluation = { correct: 1, count: 4, top1: 25 };
    const evaluate = async () => (++calls === 2 || calls === 4 ? undefined : evaluation);
    const run = () => train(smallRun(out, { evaluate }));
    // In the evaluation after the second epoch, and in the one after the last.
    expect(await run()).toEqual({ state: 'stopped', step: 10, steps });
    expect(await run()).toEqual({ state: 'stopped', step: 15, steps });
    expect(await run()).toMatchObject({ state: 'finished', sha256, test: evaluation });
    expect(calls).toBe(5);
    expect(lossesOf(out)).toEqual(losses);
    const epochs = readLog(join(out, runFiles.log)).filter((line) => line.kind === 'epoch');
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
  });

  it('of a plan or a model that is not trained leaves no folder', async () => {
    const out = join(folder, 'untrainable');
    const run = smallRun(out);
    const plan = pruningPlan({ schedule: [{ after: 1, keep: 0.7 }], signal: 'tome' });
    await expect(train({ ...run, plan })).rejects.toThrow('training ranks tokens and drops them');
    const late = pruningPlan({ schedule: [{ after: 99, keep: 0.7 }] });
    await expect(train({ ...run, plan: late })).rejects.toThrow(UserError);
    expect(existsSync(out)).toBe(false);
  });

  it('of another recipe refuses the folder, naming what differs', async () => {
    await referenceRun();
    const run = smallRun(join(folder, 'whole'));
    await expect(train({ ...run, recipe: { ...run.recipe, weightDecay: 0.5 } })).rejects.toThrow(
      'recipe.weightDecay (0.05 there, 0.5 here)',
    );
  });

  describe('with more epochs than it had finished with', () => {
    const longer = (out: string, epochs: number, more: Parameters<typeof smallRun>[1] = {}) => {
      const run = smallRun(out, more);
      return { ...run, recipe: { ...run.recipe, epochs } };
    };

    it('goes on from its end, at the rates of the longer run, and says so in its log', async () => {
      const out = join(folder, 'prolonged');
      await finishedIn(out);
      const outcome = await train(longer(out, 5));
      expect(outcome).toMatchObject({ state: 'finished', steps: 25 });
      const log = readLog(join(out, runFiles.log));
      expect(log.filter((line) => line.kind === 'run').map(({ identity }) => identity)).toMatchObject([
        { recipe: { epochs: 3 } },
        { recipe: { epochs: 5 }, prolonged: [3] },
      ]);
      const lines = log.filter((line) => line.kind === 'step');
      expect(lines.map(({ step }) => step)).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
      const { recipe } = longer(out, 5);
      expect(lines.slice(15).map(({ learningRate }) => learningRate)).toEqual(
        Array.from({ length: 10 }, (_, i) => learningRateAt(recipe, 5, 15 + i)),
      );
      expect(lines[15].learningRate).toBeGreaterThan(5 * lines[14].learningRate);
      expect((await readCheckpoint(join(out, runFiles.model))).tensors.size).toBeGreaterThan(0);
    });

    it('stopped in between and resumed, and prolonged twice, ends at the same bits', async () => {
      const [once, inParts] = [join(folder, 'longer once'), join(folder, 'longer in parts')];
      for (const out of [once, inParts]) await finishedIn(out);
      await train(longer(once, 4));
      const whole = await train(longer(once, 5));
      let seen = 0;
      const stopped = await train(longer(inParts, 4, { stopped: () => ++seen === 2 }));
      expect(stopped).toMatchObject({ state: 'stopped', step: 17 });
      await train(longer(inParts, 4));
      expect(await train(longer(inParts, 5))).toMatchObject({
        ...whole,
        model: join(inParts, runFiles.model),
      });
      expect(lossesOf(inParts)).toEqual(lossesOf(once));
    });

    it('is refused before it is finished, and with fewer', async () => {
      const out = join(folder, 'not yet');
      let seen = 0;
      await train(smallRun(out, { stopped: () => ++seen === 7 }));
      await expect(train(longer(out, 5))).rejects.toThrow(
        'epoch 1.40 of 3; finish the run with --epochs 3, then prolong it to 5',
      );
      const finished = join(folder, 'finished');
      await finishedIn(finished);
      await expect(train(longer(finished, 2))).rejects.toThrow('recipe.epochs (3 there, 2 here)');
    });
  });

  it('refuses fewer images than a batch, and a micro-batch that does not divide it', async () => {
    const run = smallRun(join(folder, 'refused'));
    await expect(train({ ...run, recipe: { ...run.recipe, batch: 64, microBatch: 16 } })).rejects.toThrow(
      '60 images: less than one batch of 64',
    );
    await expect(train({ ...run, recipe: { ...run.recipe, microBatch: 5 } })).rejects.toThrow(
      'micro-batch 5: must be a divisor of the batch, 12',
    );
  });

  it('stops with a word where the loss is lost', async () => {
    const run = smallRun(join(folder, 'lost'));
    const recipe = { ...run.recipe, learningRate: 1e30, warmupLearningRate: 1e30, clipNorm: 0 };
    await expect(train({ ...run, recipe })).rejects.toThrow(/the loss is (NaN|Infinity) after \d+ steps?/);
  });

  it('says which image cannot be read', async () => {
    const run = smallRun(join(folder, 'unreadable'));
    const dataset = stripedDataset(60);
    const preview = (index: number) =>
      index === 40 ? Promise.reject(new UserError('image 40: cannot be read')) : dataset.preview(index);
    const examples = imageExamples({ ...dataset, preview }, grey);
    await expect(train({ ...run, examples })).rejects.toThrow('image 40');
  });

  it('goes on to the same gradients when a thread dies', async () => {
    const { spec, plan, recipe, initial } = smallRun('');
    const engine = { spec, plan, batch: recipe.microBatch, lossScale: 1 };
    const pool = await GradientPool.start(engine, flatten(parameterLayout(spec), initial), 2, 2);
    const micro = {
      patches: new Float32Array(4 * 16 * 4),
      targets: new Float32Array(4 * 3),
      samples: [0, 1, 2, 3],
    };
    const { loss, logits, gradient } = await pool.run([micro, micro]);
    expect(logits).toHaveLength(2 * 4 * 3);
    const before = Float32Array.from(gradient);
    const [dying] = pool.lanes.links;
    await dying.kill();
    const again = await pool.run([micro, micro]);
    expect(pool.lanes.links[0]).not.toBe(dying);
    expect(again.loss).toBe(loss);
    expect(again.gradient).toEqual(before);
    await pool.stop();
  });

  it('logs the rate, the norm and the seed', async () => {
    await referenceRun();
    const [first, second] = readLog(join(folder, 'whole', runFiles.log));
    expect(first).toMatchObject({
      kind: 'run',
      identity: { recipe: { seed: 0 }, plan: { alignment: 'decay' } },
    });
    const step = second as StepLine;
    expect(step.learningRate).toBe(1e-5);
    expect(step.gradientNorm).toBeGreaterThan(0);
  });
});
