import { describe, expect, it } from 'vitest';
import { decodeRuns, encodeRuns } from './runs.ts';
import { resultRecordSchema } from './schema.ts';
import { drawnVision } from './test-support/records.ts';

const image = drawnVision.drawn![0];
const [window] = image.windows;
const prediction = image.prediction as Extract<typeof image.prediction, { kind: 'detections' }>;
const [detection] = prediction.best;

const problems = (record: unknown) => {
  const parsed = resultRecordSchema.safeParse(record);
  return parsed.success ? '' : parsed.error.issues.map(({ message }) => message).join('; ');
};
const withImage = (change: object) => problems({ ...drawnVision, drawn: [{ ...image, ...change }] });
const withBest = (...best: object[]) => withImage({ prediction: { ...prediction, best } });
const labels = (runs: number[], classes = [{ index: 4, name: 'sky' }]) => ({
  prediction: { kind: 'labels', classes, labels: runs },
});

describe('what is kept of an image to draw it', () => {
  it('is taken as it is', () => {
    expect(problems(drawnVision)).toBe('');
  });

  it.each([
    [{ picture: { ...image.picture, width: 3 } }, 'pixels do not hold'],
    [{ picture: { ...image.picture, width: 513 } }, '512'],
    [{ windows: [] }, '>=1'],
    [{ windows: [{ ...window, kept: [] }] }, 'not those of the schedule'],
    [{ windows: [{ ...window, kept: [{ after: 5, cells: [2] }] }] }, 'lie on the grid'],
    [{ windows: [{ ...window, kept: [{ after: 5, cells: [1, 0] }] }] }, 'cells must rise'],
    [labels([0, 2]), 'labels of a maskrcnn'],
    [labels([1, 2]), 'runs hold 1, of 1 values'],
    [{ prediction: { ...prediction, found: 0 } }, 'more detections are kept'],
  ])('refuses %j', (change, message) => {
    expect(withImage(change)).toContain(message);
  });

  it('refuses boxes and masks that do not belong to the image', () => {
    expect(withBest({ ...detection, box: [1, 2, 42, 20] })).toContain('outside its image');
    expect(withBest({ ...detection, box: [9, 2, 3, 20] })).toContain('outside its image');
    expect(withBest({ ...detection, mask: [0, 1] })).toContain('fill 1 of the picture');
    expect(withBest({ ...detection, mask: [0, 3] })).toContain('more than the picture');
    expect(withBest({ ...detection, mask: [0, 0, 1, 2] })).toContain('must not be empty');
    expect(withBest({ ...detection, mask: [0, 2, 1] })).toContain('pairs');
    expect(withBest({ ...detection, mask: null })).toContain('a mask is missing');
    expect(withBest({ ...detection, score: 0.1 }, detection)).toContain('falling score');
  });

  it('refuses parts that do not add up to the whole', () => {
    expect(problems({ ...drawnVision, parts: drawnVision.parts!.slice(1) })).toContain('parts do not add up');
  });
});

describe('runs', () => {
  it('come back as they were', () => {
    const values = [3, 3, 0, 1, 1, 1, 0];
    expect(encodeRuns(values)).toEqual([3, 2, 0, 1, 1, 3, 0, 1]);
    expect([...decodeRuns(encodeRuns(values), 7)]).toEqual(values);
    expect(encodeRuns([])).toEqual([]);
  });
});
