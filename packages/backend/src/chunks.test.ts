/** What becomes of a batch when the device fails, with devices that fail as told. */
import { pruningPlan, vimSpec } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import type { Batch } from './backend.ts';
import { type ChunkRunner, runInChunks } from './chunks.ts';
import { DeviceError, type DeviceErrorKind } from './device-error.ts';

const spec = vimSpec({
  width: 16,
  depth: 3,
  imageHeight: 16,
  imageWidth: 16,
  inChannels: 1,
  patchSize: 4,
  stride: 4,
  classes: 5,
});
const plan = pruningPlan({ schedule: [{ after: 1, keep: 0.6 }] });

/** Tokens kept of 17: ceil(16 · 0.6) made odd. */
const keptTokens = 11;

/** Answers each image with its sample's number, and fails with `failures[n]` on the n-th call. */
function madeUpRunner(failures: readonly (DeviceErrorKind | 'bug' | undefined)[]) {
  const calls: number[] = [];
  let acquisitions = 0;
  const runner: ChunkRunner = {
    spec,
    plan,
    chunkSize: 2,
    async run({ samples }) {
      const failure = failures[calls.length];
      calls.push(samples[0]);
      if (failure === 'bug') throw new Error('a bug');
      if (failure !== undefined) throw new DeviceError(failure, `it is ${failure}`);
      return {
        logits: Float32Array.from({ length: samples.length * 5 }, (_, i) => samples[Math.floor(i / 5)]),
        kept: new Map([[1, new Int32Array(samples.length * keptTokens).fill(samples[0])]]),
      };
    },
    async reacquire() {
      acquisitions++;
    },
  };
  return { runner, calls, acquisitions: () => acquisitions };
}

const batch: Batch = { pixels: new Float32Array(5 * 256), size: 5, samples: [10, 11, 12, 13, 14] };
const firstLogits = (logits: ArrayLike<number>) => Array.from({ length: 5 }, (_, image) => logits[image * 5]);

describe('a batch in chunks', () => {
  it('comes back in order', async () => {
    const { runner, calls } = madeUpRunner([]);
    const { logits, kept, failed } = await runInChunks(runner, batch);
    expect(calls).toEqual([10, 12, 14]);
    expect(firstLogits(logits)).toEqual([10, 11, 12, 13, 14]);
    expect(kept.get(1)!.length).toBe(5 * keptTokens);
    expect(kept.get(1)![4 * keptTokens]).toBe(14);
    expect(failed).toBeUndefined();
  });

  it('has chunks as equal as possible', async () => {
    const { runner, calls } = madeUpRunner([]);
    await runInChunks({ ...runner, chunkSize: 4 }, batch);
    expect(calls).toEqual([10, 13]);
  });

  it('survives the first loss of the device: a new one, and the same chunk again', async () => {
    const { runner, calls, acquisitions } = madeUpRunner([undefined, 'device-lost']);
    const { logits, failed } = await runInChunks(runner, batch);
    expect(calls).toEqual([10, 12, 12, 14]);
    expect(acquisitions()).toBe(1);
    expect(firstLogits(logits)).toEqual([10, 11, 12, 13, 14]);
    expect(failed).toBeUndefined();
  });

  it('keeps what was finished at the second loss', async () => {
    const { runner, acquisitions } = madeUpRunner([undefined, 'device-lost', undefined, 'device-lost']);
    const { logits, kept, failed } = await runInChunks(runner, batch);
    expect(acquisitions()).toBe(1);
    expect(firstLogits(logits)).toEqual([10, 11, 12, 13, Number.NaN]);
    expect(kept.get(1)![4 * keptTokens]).toBe(-1);
    expect([...failed!]).toEqual([[4, 'sample 14: it is device-lost']]);
  });

  it.each(['out-of-memory', 'page-closed'] as const)('keeps what was finished when %s', async (kind) => {
    const { runner, acquisitions } = madeUpRunner([undefined, kind]);
    const { logits, failed } = await runInChunks(runner, batch);
    expect(acquisitions()).toBe(0);
    expect(firstLogits(logits)).toEqual([10, 11, Number.NaN, Number.NaN, Number.NaN]);
    expect([...failed!.keys()]).toEqual([2, 3, 4]);
  });

  it('keeps what was finished when there is no other device', async () => {
    const { runner } = madeUpRunner([undefined, 'device-lost']);
    const reacquire = async () => {
      throw new DeviceError('no-adapter', 'there is none');
    };
    const { logits, failed } = await runInChunks({ ...runner, reacquire }, batch);
    expect(firstLogits(logits)).toEqual([10, 11, Number.NaN, Number.NaN, Number.NaN]);
    expect(failed!.get(2)).toBe('sample 12: there is none');
  });

  it('rejects with the named error when nothing was finished', async () => {
    const { runner } = madeUpRunner(['device-lost', 'device-lost']);
    await expect(runInChunks(runner, batch)).rejects.toMatchObject({ kind: 'device-lost' });
  });

  it('hides no bug behind a partial answer', async () => {
    const { runner } = madeUpRunner([undefined, 'bug']);
    await expect(runInChunks(runner, batch)).rejects.toThrow('a bug');
  });

  it('refuses pixels that do not fit', async () => {
    const { runner } = madeUpRunner([]);
    await expect(runInChunks(runner, { ...batch, size: 4 })).rejects.toThrow(/1280 values, expected 1024/);
  });
});
