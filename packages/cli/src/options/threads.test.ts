import { availableParallelism } from 'node:os';
import { afterEach, expect, it, vi } from 'vitest';
import { threadCount } from './threads.ts';

afterEach(() => vi.restoreAllMocks());

it('takes what there are cores for, in silence', () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(threadCount('1')).toBe(1);
  expect(threadCount(String(availableParallelism()))).toBe(availableParallelism());
  expect(stderr).not.toHaveBeenCalled();
});

it('caps more than there are cores, and says so', () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(threadCount('100000')).toBe(availableParallelism());
  expect(String(stderr.mock.calls[0][0])).toMatch(
    /^--threads 100000: this machine has \d+ cores?, so \d+ it is\n$/,
  );
});
