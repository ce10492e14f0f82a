import { workerBytes } from '@vssm/backend-cpu';
import { models } from '@vssm/families';
import { expect, it, vi } from 'vitest';
import { threadsWithinMemory } from './affordable.ts';

const spec = models['vim-small'];

it('takes no more threads than memory carries, and says so', () => {
  const say = vi.fn();
  expect(threadsWithinMemory('cpu', [spec], 4, { available: 4 * workerBytes(spec), say })).toBe(4);
  expect(threadsWithinMemory('reference', [spec], 4, { available: 0, say })).toBe(4);
  expect(say).not.toHaveBeenCalled();
  expect(threadsWithinMemory('cpu', [spec], 4, { available: 1.5 * workerBytes(spec), say })).toBe(1);
  expect(say.mock.calls[0][0]).toMatch(
    /^4 threads of this model take about \d+\.\d GiB, \d+\.\d GiB are free, so 1 thread it is$/,
  );
});

it('has one thread at least', () => {
  expect(threadsWithinMemory('cpu', [spec], 8, { available: 0, say: () => {} })).toBe(1);
});

it('counts every model that is loaded at the same time', () => {
  const say = vi.fn();
  expect(threadsWithinMemory('cpu', [spec, spec], 4, { available: 4 * workerBytes(spec), say })).toBe(2);
  expect(say.mock.calls[0][0]).toContain('4 threads of these 2 models at once take about');
});
