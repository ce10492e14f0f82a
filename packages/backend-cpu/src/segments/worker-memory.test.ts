import { models, parameterCount } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { workerBytes } from './worker-memory.ts';

const spec = models['vim-small'];

describe('bytes of a worker thread', () => {
  // Measured: see worker-memory.ts. Too little would take a machine down, more than twice would leave its cores idle.
  it.each([
    ['vim-tiny', 233],
    ['vim-small', 290],
    ['vim-base', 633],
    ['plainmamba-l1', 265],
    ['plainmamba-l3', 456],
  ] as const)('are no less than was measured of %s, and not twice as much', (name, mebibytes) => {
    expect(workerBytes(models[name])).toBeGreaterThan(mebibytes * 2 ** 20);
    expect(workerBytes(models[name])).toBeLessThan(2 * mebibytes * 2 ** 20);
  });

  it('grow with the model: its weights more than once, and the activations of a chunk', () => {
    expect(workerBytes(spec)).toBeGreaterThan(2 * 4 * parameterCount(spec));
    expect(workerBytes(models['vim-base'])).toBeGreaterThan(workerBytes(spec));
    const large = { ...spec, imageHeight: 4 * spec.imageHeight, imageWidth: 4 * spec.imageWidth };
    // Seventeen times the tokens: one image is more than a chunk, and takes 115 MB of activations.
    expect(workerBytes(large)).toBeGreaterThan(workerBytes(spec));
    expect(workerBytes(large)).toBeLessThan(2 ** 30);
  });
});
