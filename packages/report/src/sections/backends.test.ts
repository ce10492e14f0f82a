import { describe, expect, it } from 'vitest';
import { backendComparisons, earlierComparisons } from '../comparisons.ts';
import type { Evidence } from '../evidence.ts';
import { gatherEvidence } from '../gather.ts';
import { reportFiles } from '../report.ts';
import { madeUpComparisons } from '../test-support/made-up-comparisons.ts';

const none = gatherEvidence([], []);

function evidenceOf(records: ReturnType<typeof madeUpComparisons>): Evidence {
  return { ...none, comparisons: records.map((record) => ({ record, run: null, folder: 'made-up' })) };
}

async function section(evidence: Evidence): Promise<string> {
  const text = String((await reportFiles(evidence)).content('index.html'));
  return /<section id="backends"[\s\S]*?<\/section>/.exec(text)?.[0] ?? '';
}

describe('the comparison of backends', () => {
  it('is not there where nothing was compared', async () => {
    expect(await section(none)).toBe('');
  });

  it('has a row for each backend and plan that was measured', async () => {
    const text = await section(evidenceOf(madeUpComparisons('')));
    const table = text.slice(text.indexOf('<table class="backends"'));
    expect(table.match(/<th scope="row">/g)).toHaveLength(6);
    expect(table).toContain('<th scope="rowgroup" colspan="7"><span>ToP 10,20@0.8</span></th>');
    expect(table).toContain('4.0e-6');
    expect(table).toContain('899 of 900');
    expect(table).toContain('not timed: software');
  });

  it('tells near-ties from other differences', async () => {
    const text = await section(evidenceOf(madeUpComparisons('')));
    expect(text).toContain('39 of 40<small class="line">1 near-tie</small>');
    expect(text).toContain(
      '32 of 40<small class="line">1 near-tie, <strong class="wrong">7 others</strong></small>',
    );
  });

  it('lists what is not available once, with reason and fix', async () => {
    const text = await section(evidenceOf(madeUpComparisons('')));
    expect(text.match(/cuda\/whole<\/strong>: there is no GPU\.<br>.*buy one/g)).toHaveLength(1);
  });

  it('names the plans of a backend that failed with some only', () => {
    const records = madeUpComparisons('');
    const outcome = { state: 'unavailable', reason: 'too small', fix: 'another' } as const;
    const [comparison] = backendComparisons(
      evidenceOf(records.map((record, at) => (at === 1 ? { ...record, outcome } : record))),
    );
    expect(comparison.missing.map(({ name, schedules }) => [name, schedules])).toEqual([
      ['wasm/segments', ['']],
      ['cuda/whole', []],
    ]);
  });

  it('shows the last of the same comparisons, and says how many it leaves out', () => {
    const earlier = madeUpComparisons('');
    const later = earlier.map((record) => ({
      ...record,
      group: 'compare.2',
      images: { ...record.images, referenceMs: 7 },
    }));
    const evidence = evidenceOf([...earlier, ...later]);
    expect(backendComparisons(evidence).map(({ images }) => images.referenceMs)).toEqual([7]);
    expect(earlierComparisons(evidence)).toBe(1);
    const elsewise = earlier.map((record) => ({ ...record, group: 'compare.3', threads: 7 }));
    expect(backendComparisons(evidenceOf([...earlier, ...elsewise]))).toHaveLength(2);
  });

  it('counts as something that was run', async () => {
    const text = String((await reportFiles(evidenceOf(madeUpComparisons('')))).content('index.html'));
    expect(text).not.toContain('Nothing has been run');
    expect(text).toContain('Backends held against a float64 reference, with Vim-T.');
  });

  it('makes no markup of what comes from outside', async () => {
    const text = await section(evidenceOf(madeUpComparisons('<script>"&')));
    expect(text).not.toContain('<script>"&');
    expect(text).toContain('there is no GPU&lt;script&gt;&quot;&amp;');
  });

  it('draws three charts, each with its data', async () => {
    const { paths } = await reportFiles(evidenceOf(madeUpComparisons('')));
    for (const id of ['parity', 'latency', 'throughput']) {
      expect(paths).toContain(`charts/backends-${id}-vim-t.narrow.svg`);
      expect(paths).toContain(`data/backends-${id}-vim-t.csv`);
    }
  });
});
