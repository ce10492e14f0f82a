import { formatSchedule } from '@vssm/core';
import { densePlan, pruningPlan } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import type { ComparisonRecord } from './comparison.ts';
import { resultsContent } from './content.ts';
import { resultRecordSchema } from './schema.ts';
import { speed } from './test-support/records.ts';

const plan = pruningPlan({ schedule: [{ after: 5, keep: 0.8 }] });

const measured: Extract<ComparisonRecord['outcome'], { state: 'measured' }> = {
  state: 'measured',
  details: { runtime: 'onnxruntime-node 1.0.0' },
  parity: {
    images: 4,
    failed: 0,
    maxDifference: 2e-6,
    meanDifference: 1e-7,
    largestLogit: 9,
    sameTop1: 4,
    kept: { images: 2, ties: 1, positions: 3, total: 400, largestMargin: 2e-4, tieMargin: 1e-5 },
  },
  agreement: { with: { name: 'cpu', form: 'segments' }, images: 100, sameTop1: 99 },
  timings: [{ batch: 1, warmup: 1, samplesMs: [3, 4, 5], medianMs: 4 }],
  untimed: null,
};

const comparison: ComparisonRecord = {
  schema: 1,
  kind: 'comparison',
  key: 'compare.wasm.1',
  experiment: 'compare',
  row: 'wasm:segments:5@0.8',
  label: 'made-up model on wasm/segments',
  paper: null,
  notes: [],
  model: speed.model,
  plan: { ...plan, schedule: [...plan.schedule] },
  schedule: formatSchedule(plan.schedule),
  backend: { name: 'wasm', form: 'segments' },
  threads: 2,
  group: 'compare.1',
  images: {
    dataset: { name: 'made-up data', split: 'test', sha256: null },
    reference: 4,
    referenceMs: 70,
    idsHash: 'ab'.repeat(32),
  },
  outcome: measured,
  flops: speed.flops,
  tokens: [197, 157],
  durationMs: 1000,
};

const problems = (record: unknown) => {
  const parsed = resultRecordSchema.safeParse(record);
  return parsed.success ? '' : parsed.error.issues.map(({ message }) => message).join('; ');
};

describe('a comparison record', () => {
  it.each<ComparisonRecord>([
    comparison,
    { ...comparison, outcome: { state: 'unavailable', reason: 'no adapter', fix: 'buy one' } },
    { ...comparison, outcome: { ...measured, timings: [], untimed: 'in software' } },
  ])('is accepted and given back unchanged', (record) => {
    expect(resultRecordSchema.parse(record)).toEqual(record);
  });

  it.each([
    [{ parity: { ...measured.parity, sameTop1: 5 } }, 'more than images'],
    [{ parity: { ...measured.parity, kept: null } }, 'kept goes with a schedule'],
    [{ parity: { ...measured.parity, kept: { ...measured.parity.kept!, ties: 3 } } }, 'must rise'],
    [{ untimed: 'in software' }, 'goes without timings'],
    [{ parity: { ...measured.parity, maxDifference: Number.NaN } }, 'NaN'],
    [{ reason: 'measured and unavailable at once' }, 'reason'],
  ])('that contradicts itself is refused: %j', (change, message) => {
    expect(problems({ ...comparison, outcome: { ...measured, ...change } })).toContain(message);
  });

  it('of a dense model tells of no kept tokens', () => {
    const dense = { ...comparison, plan: { ...densePlan, schedule: [] } };
    expect(problems(dense)).toContain('kept goes with a schedule');
  });

  it('has a content without its times', () => {
    const later = { ...comparison, durationMs: 5, images: { ...comparison.images, referenceMs: 3 } };
    expect(resultsContent([later])).toEqual(resultsContent([comparison]));
    const unavailable = {
      ...comparison,
      outcome: { state: 'unavailable' as const, reason: 'x', fix: 'y' },
    };
    expect(resultsContent([unavailable])).not.toEqual(resultsContent([comparison]));
  });
});
