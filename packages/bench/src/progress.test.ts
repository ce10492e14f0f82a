import { describe, expect, it } from 'vitest';
import { formatDuration } from './duration.ts';
import { LineProgress, Pace } from './progress.ts';

function clock() {
  let ms = 0;
  return { now: () => ms, pass: (more: number) => (ms += more) };
}

describe('Pace', () => {
  it('corrects the estimate by how long work really takes', () => {
    const { now, pass } = clock();
    const pace = new Pace(1000, now);
    expect(pace.remainingMs).toBe(1000);
    pass(500);
    pace.advance(250);
    expect([pace.share, pace.remainingMs]).toEqual([0.25, 1500]);
  });

  it('does not take for its own what an earlier run had done', () => {
    const { now, pass } = clock();
    const pace = new Pace(1000, now);
    pace.found(800);
    pass(100);
    pace.advance(100);
    expect([pace.share, pace.remainingMs]).toEqual([0.5, 100]);
  });

  it('ends at one, also when the estimate was too low or there was nothing to do', () => {
    const pace = new Pace(100);
    pace.advance(120);
    expect([pace.share, pace.remainingMs]).toEqual([1, 0]);
    expect(new Pace(0).share).toBe(1);
  });
});

describe('LineProgress', () => {
  it('speaks now and then, not at every step', () => {
    const { now, pass } = clock();
    let text = '';
    const progress = new LineProgress({ write: (more) => (text += more) }, now);
    progress.begin(100_000);
    progress.task('dense');
    for (let step = 0; step < 10; step++) {
      pass(5000);
      progress.advance(5000);
    }
    expect(text).toBe('20 %, about 1 min 20 s left · dense\n40 %, about 1 min 00 s left · dense\n');
  });
});

describe('formatDuration', () => {
  it('is as fine as its length needs', () => {
    const shown = [400, 59_400, 59_600, 200_000, 3_900_000, 40 * 3_600_000].map(formatDuration);
    expect(shown).toEqual(['0 s', '59 s', '1 min 00 s', '3 min 20 s', '1 h 05 min', '40 h 00 min']);
  });
});
