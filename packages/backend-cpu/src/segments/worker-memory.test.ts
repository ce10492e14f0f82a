import { models, parameterCount } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { affordableThreads, workerBytes } from './worker-memory.ts';

const spec = models['vim-small'];

describe('threads that memory allows', () => {
  it('are all where there is room, as many as fit where there is not, and at least one', () => {
    const each = workerBytes(spec);
    expect(affordableThreads([spec], 8, 8 * each)).toBe(8);
    expect(affordableThreads([spec], 8, 1000 * each)).toBe(8);
    expect(affordableThreads([spec], 8, 3.9 * each)).toBe(3);
    expect(affordableThreads([spec], 8, 0)).toBe(1);
    expect(affordableThreads([spec, spec], 8, 8 * each)).toBe(4);
  });

  it('grow with the model: its weights more than once, and the activations of a chunk', () => {
    expect(workerBytes(spec)).toBeGreaterThan(2 * 4 * parameterCount(spec));
    expect(workerBytes(models['vim-base'])).toBeGreaterThan(workerBytes(spec));
    const large = { ...spec, imageHeight: 4 * spec.imageHeight, imageWidth: 4 * spec.imageWidth };
    // Seventeen times the tokens: chunks become smaller until one image is more than a chunk.
    expect(workerBytes(large)).toBeGreaterThan(workerBytes(spec));
  });
});
