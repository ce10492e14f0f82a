import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSafetensors } from '@vssm/checkpoints';
import { float32 } from '@vssm/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshVectors } from '../recipe/optimiser.ts';
import { beginning, loadState, saveState } from './state.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-state-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const identity = { recipe: { seed: 1, epochs: 2 }, plan: { schedule: [{ after: 1, keep: 0.5 }] } };

function vectorsOf(...values: number[]) {
  return freshVectors(new Float32Array(new SharedArrayBuffer(4 * values.length)).fill(values[0]));
}

describe('the state of a run', () => {
  it('comes back bit for bit', async () => {
    const path = join(folder, 'a.safetensors');
    const vectors = vectorsOf(0.1, 0, 0);
    vectors.first.set([1e-30, -0, 3]);
    vectors.second.fill(1e-45);
    const progress = { step: 17, untold: { steps: 3, losses: 0.1 + 0.2, correct: 5 } };
    await saveState(path, identity, progress, vectors);
    const back = vectorsOf(9, 9, 9);
    expect(await loadState(path, identity, back, 5)).toEqual({ progress, identity, isProlonged: false });
    for (const name of ['parameters', 'ema', 'first', 'second'] as const) {
      expect(new Uint32Array(back[name].buffer)).toEqual(
        new Uint32Array(Float32Array.from(vectors[name]).buffer),
      );
    }
  });

  it('is absent where there is no file', async () => {
    expect(await loadState(join(folder, 'none'), identity, vectorsOf(1), 5)).toBeUndefined();
  });

  it.each([
    [{ ...identity, recipe: { seed: 2, epochs: 2 } }, 'recipe.seed (1 there, 2 here)'],
    [{ ...identity, more: true }, 'more (undefined there, true here)'],
    [{ ...identity, plan: { schedule: [] } }, 'plan.schedule ([{"after":1,"keep":0.5}] there, [] here)'],
  ])('of another run is refused by what differs: %#', async (other, message) => {
    const path = join(folder, 'b.safetensors');
    await saveState(path, identity, beginning, vectorsOf(1));
    await expect(loadState(path, other, vectorsOf(1), 5)).rejects.toThrow(message);
  });

  const [format, run] = ['vssm-training-1', JSON.stringify(identity)];
  const progress = JSON.stringify(beginning);
  it.each([
    [{ format, progress, run: '{' }, 1, 'differs in everything'],
    [{ format, progress: progress.replace('0', '-1'), run }, 1, 'not the state of a training run'],
    [{ format, progress: '{}', run }, 1, 'not the state of a training run'],
    [{ progress, run }, 1, 'not the state of a training run'],
    [{ format, progress, run }, 2, 'is not 1 numbers of F32'],
  ])('that makes no sense is refused: %#', async (metadata, size, message) => {
    const path = join(folder, 'c.safetensors');
    const tensor = float32([size], new Float32Array(size));
    const tensors = new Map(['parameters', 'ema', 'first', 'second'].map((name) => [name, tensor]));
    await writeSafetensors(path, tensors, metadata);
    await expect(loadState(path, identity, vectorsOf(1), 5)).rejects.toThrow(message);
  });
});
