import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resultsJsonSchema } from './json-schema.ts';
import { resultRecordSchema } from './schema.ts';
import { accuracy, everyKind, profile, rival, shard, speed, strip, vision } from './test-support/records.ts';

const problems = (record: unknown) => {
  const parsed = resultRecordSchema.safeParse(record);
  return parsed.success ? '' : parsed.error.issues.map(({ message }) => message).join('; ');
};

describe('results schema', () => {
  it('accepts each kind and gives it back unchanged', () => {
    for (const record of everyKind) expect(resultRecordSchema.parse(record)).toEqual(record);
  });

  it('is published as JSON Schema (`pnpm run schema` in this package writes it)', () => {
    const published = readFileSync(join(import.meta.dirname, '../schema/results-2.json'), 'utf8');
    expect(JSON.parse(published)).toEqual(resultsJsonSchema());
  });

  it('refuses unknown fields and kinds', () => {
    expect(problems({ ...accuracy, extra: 1 })).toContain('extra');
    expect(problems({ ...accuracy, kind: 'guess' })).not.toBe('');
  });

  it.each([
    [{ images: 4 }, 'exceed dataset.total'],
    [{ images: 2 }, 'must be partial'],
    [{ figures: { boxAp: 40.5 } }, 'maskAp is missing'],
    [{ model: { ...vision.model, kind: 'upernet' } }, 'miou is missing'],
    [{ figures: { ...vision.figures, boxAp: Number.NaN } }, 'NaN'],
  ])('refuses a record of a vision task that contradicts itself: %j', (change, message) => {
    expect(problems({ ...vision, ...change })).toContain(message);
  });

  it.each([
    [{ correct1: 4 }, 'must rise'],
    [{ top1: 51 }, 'top1 is not'],
    [{ top5: 76 }, 'top5 is not'],
    [{ interval: [60, 85] }, 'outside its interval'],
    [{ failed: [{ id: 'x', error: 'unreadable' }] }, 'do not add up'],
    [{ sample: { ...accuracy.sample, how: 'all' } }, 'not dataset.total'],
    [{ sample: { ...accuracy.sample, how: 'limit' } }, 'must be partial'],
    [{ tokens: [197, 157] }, 'more than the schedule'],
    [{ top1: Number.NaN }, 'NaN'],
  ])('refuses an accuracy that contradicts itself: %j', (change, message) => {
    expect(problems({ ...accuracy, ...change })).toContain(message);
  });

  it('refuses side files outside the run folder and keys that are paths', () => {
    for (const file of ['../x.csv', '/etc/passwd', 'predictions/../x.csv', 'predictions/a/b.csv']) {
      expect(problems({ ...accuracy, predictions: { ...accuracy.predictions, file } })).not.toBe('');
    }
    expect(problems({ ...accuracy, key: '../x' })).not.toBe('');
  });

  it('refuses a label with a line break in it', () => {
    expect(problems({ ...accuracy, label: 'a\nb' })).not.toBe('');
  });

  it('refuses times of the dense model that are not one per time of the pruned one', () => {
    expect(problems({ ...speed, samplesMs: [1] })).toContain('must be pairs');
  });

  it('refuses a profile whose parts were not timed in the same rounds, or belong to no block', () => {
    const [first, second] = profile.parts;
    const short = { ...second, samplesMs: [1] };
    expect(problems({ ...profile, parts: [first, short] })).toContain('one time per round');
    expect(problems({ ...profile, scoring: { samplesMs: [1], medianMs: 1 } })).toContain(
      'one time per round',
    );
    expect(problems({ ...profile, parts: [{ ...first, block: 25 }] })).toContain('does not have');
  });

  it.each([
    [{ shard: { index: 3, of: 2 } }, 'shard 3 of 2 does not exist'],
    [{ shard: { index: 2, of: 3 } }, 'the shard has 1 image'],
    [{ predictions: { ...shard.predictions, lines: 1 } }, 'the shard has 2 images'],
    [{ failed: 3 }, 'more images failed'],
    [{ top1: 50 }, 'top1'],
  ])('refuses a shard that contradicts itself: %j', (change, message) => {
    expect(problems({ ...shard, ...change })).toContain(message);
  });

  it('refuses an execution form that it does not know', () => {
    expect(problems({ ...rival, execution: { ...rival.execution, form: 'guess' } })).not.toBe('');
  });

  it('refuses pixels of another size than declared', () => {
    const [image] = strip.images;
    expect(problems({ ...strip, images: [{ ...image, width: 3 }] })).toContain('pixels');
  });
});
