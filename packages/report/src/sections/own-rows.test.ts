import { describe, expect, it } from 'vitest';
import { denseNumbers } from '../groups.ts';
import { reportFiles } from '../report.ts';
import { everySection } from '../test-support/made-up-everything.ts';

const evidence = everySection();

describe('a reader’s own evaluations', () => {
  it('stand near the top, apart from the suite’s', async () => {
    const own = evidence.accuracy.slice(0, 2).map((entry) => ({
      ...entry,
      record: { ...entry.record, experiment: 'eval', label: 'mine', key: `own-${entry.record.key}` },
    }));
    const page = String(
      (await reportFiles({ ...evidence, accuracy: [...evidence.accuracy, ...own] })).content('index.html'),
    );
    const sections = [...page.matchAll(/<section id="([a-z-]+)"/g)].map(([, id]) => id);
    expect(sections.slice(0, 3)).toEqual(['reproduces', 'tradeoff', 'own']);
    expect(page.slice(page.indexOf('<section id="measured"'))).not.toContain('(eval)');
  });
});

describe('one dense number for each model', () => {
  it('is the one on the images of the pruned rows, wherever it is shown', () => {
    const dense = evidence.accuracy.find(({ record }) => record.plan.schedule.length === 0)!;
    const { record } = dense;
    const all = {
      ...record,
      ...{ key: 'all', count: 1000, top1: 12.34, correct1: 123 },
      sample: { ...record.sample, how: 'all' as const, count: 1000, idsHash: 'f'.repeat(64) },
    };
    const found = denseNumbers({ ...evidence, accuracy: [{ ...dense, record: all }, ...evidence.accuracy] });
    expect(found).toEqual([dense]);
  });

  it('is another one for another model of the same seed, or of the same file at another size', () => {
    const dense = evidence.accuracy.find(({ record }) => record.plan.schedule.length === 0)!;
    const { record } = dense;
    const spec = { ...record.model.spec, depth: Number(record.model.spec.depth) + 1 };
    const other = { ...dense, record: { ...record, key: 'deeper', model: { ...record.model, spec } } };
    expect(denseNumbers({ ...evidence, accuracy: [...evidence.accuracy, other] })).toEqual([dense, other]);
  });
});
