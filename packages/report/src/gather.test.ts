import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AccuracyRecord, resultsFileName } from '@vssm/results';
import { describe, expect, it } from 'vitest';
import { gatherEvidence } from './gather.ts';
import { writeMadeUpRun } from './test-support/made-up.ts';

/** A made-up run with copies of its first accuracy of a pruned model appended, each with a key of its own. */
function runWith(changes: readonly ((record: AccuracyRecord) => AccuracyRecord)[]) {
  const { folder } = writeMadeUpRun();
  const file = join(folder, resultsFileName);
  const records = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const first = records.find(
    ({ kind, plan }) => kind === 'accuracy' && plan.schedule.length > 0,
  ) as AccuracyRecord;
  for (const [copy, change] of changes.entries()) {
    const record = change({ ...first, key: `${first.key.slice(0, 100)}.copy${copy}` });
    appendFileSync(file, `${JSON.stringify(record)}\n`);
  }
  const same = gatherEvidence([folder], []).accuracy.filter(
    ({ record }) => record.experiment === first.experiment && record.row === first.row,
  );
  return { folder, first, keys: same.map(({ record }) => record.key) };
}

const cutDown = (record: AccuracyRecord): AccuracyRecord => ({
  ...record,
  sample: { ...record.sample, how: 'limit', partial: true, idsHash: 'f'.repeat(64) },
});

describe('several results of one row', () => {
  it('a complete one replaces a cut-down one, whichever came first', () => {
    const { first, keys } = runWith([cutDown]);
    expect(first.sample.partial).toBe(false);
    expect(keys).toEqual([first.key]);
  });

  it('the newest on the same images counts', () => {
    const { keys } = runWith([(record) => record, (record) => record]);
    expect(keys).toEqual([expect.stringMatching(/copy1$/)]);
  });

  it('results on other images stand beside it', () => {
    const other = (record: AccuracyRecord): AccuracyRecord => ({
      ...record,
      sample: { ...record.sample, idsHash: 'e'.repeat(64) },
    });
    expect(runWith([other]).keys).toHaveLength(2);
  });
});

describe('results of one row that differ in what was chosen', () => {
  const change = (plan: Partial<AccuracyRecord['plan']>) => (record: AccuracyRecord) => ({
    ...record,
    plan: { ...record.plan, ...plan },
  });

  it.each<[string, (record: AccuracyRecord) => AccuracyRecord]>([
    ['alignment', change({ alignment: 'decay', conv: 'positional' })],
    ['the class token counted', change({ countClassToken: true })],
    ['signal and order', change({ signal: 'gated', order: 'mirrored' })],
    ['the seed of random scores', change({ signal: 'random', seed: 3 })],
    [
      'weights',
      (record) => ({
        ...record,
        model: { ...record.model, weights: { from: 'checkpoint', file: 'b.pth', sha256: 'b'.repeat(64) } },
      }),
    ],
    [
      'the shape the weights are run at',
      (record) => ({
        ...record,
        model: { ...record.model, spec: { ...record.model.spec, imageHeight: 56, imageWidth: 56 } },
      }),
    ],
    ['backend', (record) => ({ ...record, backend: { name: 'cuda', form: 'whole' } })],
    ['data', (record) => ({ ...record, dataset: { ...record.dataset, sha256: 'd'.repeat(64) } })],
  ])('%s: both are shown, complete or not', (_, changed) => {
    expect(runWith([changed, (record) => cutDown(changed(record))]).keys).toHaveLength(2);
    expect(runWith([(record) => cutDown(changed(record))]).keys).toHaveLength(2);
  });

  it('an option that does not apply makes no other result', () => {
    expect(runWith([change({ seed: 5 })]).keys).toHaveLength(1);
  });
});

it('what is left out is said', () => {
  const { folder } = runWith([(record) => record, cutDown]);
  expect(gatherEvidence([folder], []).warnings).toEqual([
    'Not shown of the accuracies: 1 result on part of the images: the same was measured on all of them',
    'Not shown of the accuracies: 1 result, measured again later: the newest is shown',
  ]);
});

it('three evaluations of other plans and models, in one folder or in several, are three rows of the report', async () => {
  const evaluated = (plan: Partial<AccuracyRecord['plan']>, sha256: string) => (record: AccuracyRecord) => ({
    ...record,
    experiment: 'eval',
    row: 'fashion-mnist',
    plan: { ...record.plan, ...plan },
    model: { ...record.model, weights: { from: 'checkpoint' as const, file: 'a.pth', sha256 } },
  });
  const three = [
    evaluated({}, 'a'.repeat(64)),
    evaluated({ countClassToken: true }, 'a'.repeat(64)),
    evaluated({}, 'b'.repeat(64)),
  ];
  const ofEval = (folders: readonly string[]) =>
    gatherEvidence(folders, []).accuracy.filter(({ record }) => record.experiment === 'eval');
  expect(ofEval([runWith(three).folder])).toHaveLength(3);
  const apart = three.map((one) => runWith([(record) => ({ ...one(record), key: keyOfCopy(one) })]).folder);
  expect(ofEval(apart)).toHaveLength(3);
  function keyOfCopy(one: (typeof three)[number]): string {
    return `eval.${three.indexOf(one)}`;
  }
});
