/** A made-up experiment that trains, and evaluations of what it trained. No number here was measured. */
import { createHash } from 'node:crypto';
import { formatSchedule, type PruningPlan } from '@vssm/core';
import { densePlan, plainMambaSpec, pruningPlan, tokenCounts, vimSpec } from '@vssm/families';
import {
  type AccuracyRecord,
  type FinetuningRecord,
  resultRecordSchema,
  type SegmenterFinetuningRecord,
} from '@vssm/results';
import type { Evidence } from '../evidence.ts';
import { gatherEvidence } from '../gather.ts';

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

const spec = vimSpec({
  ...{ imageHeight: 28, imageWidth: 28, inChannels: 1, patchSize: 2, stride: 2 },
  ...{ width: 16, depth: 8, stateSize: 4, classes: 10 },
});

const arms: Readonly<Record<string, Partial<PruningPlan>>> = {
  none: { alignment: 'none' },
  decay: {},
};

/** @param ends correct images after fine-tuning, by arm and seed, at both levels */
export function madeUpFinetuning(
  ends: Readonly<Record<'none' | 'decay', readonly number[]>>,
  verdicts: readonly Pick<FinetuningRecord['verdicts'][number], 'gain' | 'interval' | 'outcome'>[],
): FinetuningRecord {
  const flops = { paper: 1, strict: 2 };
  const training = (seed: number, correct: number) => ({
    ...{ seed, steps: 10, correct, sha256: digest(`weights ${seed} ${correct}`) },
    curve: [0.5, 1].map((epoch) => ({ epoch, loss: 2 - epoch, top1: 40 * epoch })),
    tests: [{ epoch: 1, correct }],
  });
  const plans = [0.7, 0.5].flatMap((keep) =>
    Object.entries(arms).map(([arm, options]) => {
      const plan = pruningPlan({ ...options, schedule: [2, 4, 6].map((after) => ({ after, keep })) });
      return { arm: arm as 'none' | 'decay', keep, plan };
    }),
  );
  const record: FinetuningRecord = {
    ...{ schema: 1, kind: 'finetuning', key: 'made-up-finetuning', experiment: 'finetuning' },
    title: 'made up',
    model: { name: 'Vim-made-up', spec, params: 4321 },
    dataset: {
      name: 'made-up data',
      training: { split: 'train', sha256: digest('train'), total: 6000 },
      test: { split: 'test', sha256: digest('test'), total: 1000 },
    },
    recipes: { dense: { epochs: 1, flip: true }, finetuning: { epochs: 1, images: 500 } },
    dense: training(0, 900),
    rows: plans.map(({ arm, keep, plan }) => ({
      ...{ row: `${arm}@${keep}`, label: arm, arm, keep, flops, before: 400 },
      plan: structuredClone(plan) as AccuracyRecord['plan'],
      schedule: formatSchedule(plan.schedule),
      tokens: [...tokenCounts(spec, plan)],
      after: ends[arm].map((correct, at) => training(at + 1, correct)),
    })),
    verdicts: verdicts.map((verdict, at) => ({
      arm: 'decay',
      against: 'none',
      keep: [0.7, 0.5][at],
      ...verdict,
    })),
  };
  resultRecordSchema.parse(record);
  return record;
}

/** The record, and its dense and first pruned weights evaluated again. */
export function evidenceOf(record: FinetuningRecord, again: readonly number[] = []): Evidence {
  const weights = [record.dense, record.rows[0].after[0]];
  const finetuned = again.map((correct1, at): AccuracyRecord => {
    const plan = at === 0 ? densePlan : record.rows[0].plan;
    const { name, test } = record.dataset;
    return {
      ...{ schema: 1, kind: 'accuracy', key: `again-${at}`, experiment: 'finetuning', row: `again-${at}` },
      ...{ label: 'again', paper: null, notes: [], failed: [], durationMs: 1 },
      model: {
        ...record.model,
        weights: { from: 'checkpoint', file: `${at}.safetensors`, sha256: weights[at].sha256 },
      },
      plan: structuredClone(plan) as AccuracyRecord['plan'],
      schedule: formatSchedule(plan.schedule),
      dataset: { name, split: test.split, sha256: test.sha256, total: test.total },
      sample: { count: test.total, how: 'all', seed: null, idsHash: digest('ids'), partial: false },
      backend: { name: 'cpu', form: 'segments' },
      ...{ count: test.total, correct1, correct5: test.total, top1: correct1 / 10, top5: 100 },
      ...{ interval: [correct1 / 10 - 1, correct1 / 10 + 1] as [number, number] },
      flops: { paper: 1, strict: 2 },
      tokens: [...tokenCounts(record.model.spec, plan)],
      predictions: { file: 'predictions/made-up.csv', sha256: digest('lines'), lines: test.total },
    };
  });
  const entry = <T>(one: T) => ({ record: one, run: null, folder: 'made-up' });
  return { ...gatherEvidence([], []), finetuning: [entry(record)], finetuned: finetuned.map(entry) };
}

/** The record of an experiment with a zero line: its level 0.7 is the miniature of Vim-S's rows in tables 1 and 5. */
export function madeUpHeadline(
  ends: Readonly<Record<'none' | 'decay' | 'dense', readonly number[]>>,
  verdicts: FinetuningRecord['verdicts'],
): FinetuningRecord {
  const { rows, ...rest } = madeUpFinetuning(ends, []);
  const dense: FinetuningRecord['rows'][number] = {
    ...{ row: 'dense@1', label: 'dense, fine-tuned as long', arm: 'dense', keep: 1, before: 900 },
    ...{ plan: structuredClone(densePlan) as AccuracyRecord['plan'], schedule: '', tokens: [197] },
    flops: { paper: 1.25, strict: 2.5 },
    paper: [{ table: 1, row: 'vim-small-dense' }],
    after: ends.dense.map((correct, at) => ({ ...rest.dense, seed: at + 1, correct })),
  };
  const named = {
    none: [{ table: 5, row: 'vim-small-without' }],
    decay: [{ table: 1, row: 'vim-small-top' }],
  };
  const record: FinetuningRecord = {
    ...rest,
    ...{ key: 'made-up-headline', experiment: 'headline-vim', verdicts },
    rows: [
      dense,
      ...rows.map((row) => ({
        ...row,
        ...(row.keep === 0.7 && { paper: named[row.arm as keyof typeof named] }),
      })),
    ],
  };
  resultRecordSchema.parse(record);
  return record;
}

/** An experiment with a segmenter, whose level 0.7 is the miniature of PlainMamba-L3's rows in table 3. */
export function madeUpSegmenter(
  ends: Readonly<Record<'none' | 'decay' | 'dense', readonly number[]>>,
  verdicts: SegmenterFinetuningRecord['verdicts'],
): SegmenterFinetuningRecord {
  const backbone = plainMambaSpec({
    ...{ imageHeight: 32, imageWidth: 32, inChannels: 3, patchSize: 4, classes: 1000 },
    ...{ stemWidth: 8, stemConvs: 1, width: 16, depth: 8, stateSize: 4 },
  });
  const training = (seed: number, miou: number) => ({
    ...{ seed, steps: 10, miou, sha256: digest(`segmenter ${seed} ${miou}`) },
    curve: [{ epoch: 1, loss: 1, top1: 60 }],
    tests: [{ epoch: 1, miou }],
  });
  const named = { dense: 'plainmamba-l3-upernet-dense', none: null, decay: 'plainmamba-l3-upernet-top' };
  const rows = (['dense', 'none', 'decay'] as const).map((arm) => {
    const keep = arm === 'dense' ? 1 : 0.7;
    const steps = arm === 'dense' ? [] : [2, 4, 6].map((after) => ({ after, keep }));
    const plan = pruningPlan({ ...(arms[arm] ?? {}), schedule: steps }, 'plainmamba');
    const row = named[arm];
    return {
      ...{ row: `${arm}@${keep}`, label: arm === 'dense' ? 'dense, fine-tuned as long' : arm, arm, keep },
      plan: structuredClone(plan) as AccuracyRecord['plan'],
      ...{ schedule: formatSchedule(steps), tokens: [...tokenCounts(backbone, plan)] },
      flops: { paper: arm === 'dense' ? 1 : 0.6, strict: 2 },
      ...(row !== null && { paper: [{ table: 3, row }] }),
      before: arm === 'dense' ? 40 : 20,
      after: ends[arm].map((miou, at) => training(at, miou)),
    };
  });
  const record: SegmenterFinetuningRecord = {
    ...{ schema: 1, kind: 'segmenter-finetuning', key: 'made-up-segmenter', experiment: 'scenes' },
    title: 'made up',
    model: {
      ...{ name: 'UperNet-made-up', backbone, head: { channels: 8, classes: 11 }, params: 4321 },
    },
    dataset: {
      name: 'made-up scenes',
      training: { split: 'training', sha256: digest('scenes'), total: 600 },
      test: { split: 'validation', sha256: digest('more scenes'), total: 100 },
    },
    recipes: { dense: { epochs: 2 }, finetuning: { epochs: 1, images: 300 } },
    dense: training(0, 40),
    ...{ rows, verdicts },
  };
  resultRecordSchema.parse(record);
  return record;
}
