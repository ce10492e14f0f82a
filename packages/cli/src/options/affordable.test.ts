import { workerBytes } from '@vssm/backend-cpu';
import { models } from '@vssm/families';
import { afterEach, expect, it, vi } from 'vitest';
import { threadsWithinMemory } from './affordable.ts';

afterEach(() => vi.restoreAllMocks());

const spec = models['vim-small'];

it('takes no more threads than memory carries, and says so', () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(threadsWithinMemory('cpu', spec, 4, 4 * workerBytes(spec))).toBe(4);
  expect(threadsWithinMemory('reference', spec, 4, 0)).toBe(4);
  expect(stderr).not.toHaveBeenCalled();
  expect(threadsWithinMemory('cpu', spec, 4, 1.5 * workerBytes(spec))).toBe(1);
  expect(String(stderr.mock.calls[0][0])).toMatch(
    /^4 threads of this model take \d+\.\d GiB, \d+\.\d GiB are free, so 1 thread it is\n$/,
  );
});
