import { namedModel, parameterCount, trainableSpec } from '@vssm/families';
import { expect, it } from 'vitest';
import { trainingWorkerBytes } from './worker-memory.ts';

// Measured: see worker-memory.ts; without the thread itself.
it.each([
  ['vim-tiny', 2, 178],
  ['vim-tiny', 8, 531],
  ['vim-small', 2, 432],
] as const)(
  'of %s with %d images at once is no less than was measured, and not twice as much',
  (name, images, mebibytes) => {
    const spec = trainableSpec(namedModel(name));
    const bytes = trainingWorkerBytes(spec, parameterCount(spec), images);
    expect(bytes).toBeGreaterThan(mebibytes * 2 ** 20);
    expect(bytes).toBeLessThan(2 * mebibytes * 2 ** 20);
  },
);
