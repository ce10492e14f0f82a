/**
 * Every result as one line of one flat table, for spreadsheets and notebooks. Columns are the same for all kinds; what a
 * kind does not have is empty. Explained in docs/reading-the-report.md. Where the time goes by part, and images, are in
 * the records (JSON lines) alone.
 */
import type { AccuracyRecord, ComparisonRecord, ResultRecord } from '@vssm/results';
import { beforeOf, endsOf, measureOf, type TrainedRecord } from '@vssm/results/trained';
import type { Entry, Evidence } from './evidence.ts';
import { type PlannedModel, planName } from './plan-names.ts';

type Cell = string | number | null;

export const flatColumns = [
  ...['kind', 'experiment', 'row', 'label', 'paper_table', 'paper_row', 'model', 'weights'],
  ...['pruned_after_keep', 'plan', 'signal', 'reduce', 'order', 'alignment', 'conv', 'token_order'],
  ...[
    'operation',
    'metric',
    'count_class_token',
    'tokens',
    'dataset',
    'split',
    'images',
    'sample',
    'partial',
    'seed',
  ],
  ...['backend', 'form', 'threads', 'batch', 'top1', 'top1_low95', 'top1_high95', 'top5'],
  ...['top1_before_finetuning', 'box_ap', 'mask_ap', 'miou', 'miou_before_finetuning', 'macc', 'aacc'],
  ...[
    'ms_per_image',
    'ms_low',
    'ms_high',
    'speedup',
    'other_work',
    'disturbed',
    'peak_memory_bytes',
    'largest_logit_difference',
  ],
  ...['gflops_paper', 'gflops_strict', 'reason', 'how_to_run', 'key', 'cpu', 'commit', 'run_at'],
] as const;

export type FlatColumn = (typeof flatColumns)[number];
export type FlatRow = Readonly<Record<FlatColumn, Cell>>;
type Known = Partial<Record<FlatColumn, Cell>>;

const empty = Object.fromEntries(flatColumns.map((column) => [column, null])) as FlatRow;

/** In the order of the evidence: accuracies, trainings, detectors, times, backends, and what was not run. */
export function flatResults(evidence: Evidence): FlatRow[] {
  const { accuracy, league, finetuned, finetuning, segmenterFinetuning } = evidence;
  const { vision, speed, executions, comparisons, skipped } = evidence;
  return [
    ...[...accuracy, ...league, ...finetuned].map((entry) => flat(entry, accuracyCells(entry.record))),
    ...[...finetuning, ...segmenterFinetuning].flatMap((entry) =>
      trainingCells(entry.record).map((cells) => flat(entry, cells)),
    ),
    ...vision.map((entry) => {
      const {
        model,
        plan,
        schedule,
        tokens,
        dataset,
        images,
        partial,
        figures,
        flops,
        parts = [],
      } = entry.record;
      const times = parts.flatMap(({ ms }) => ms ?? []);
      return flat(entry, {
        ...modelCells(model),
        ...planCells(plan, schedule, tokens),
        ...{ dataset: dataset.name, split: dataset.split, images, partial: flag(partial) },
        ...{ box_ap: figures.boxAp ?? null, mask_ap: figures.maskAp ?? null, miou: figures.miou ?? null },
        ...{ macc: figures.macc ?? null, aacc: figures.aacc ?? null },
        ms_per_image: times.length === 0 ? null : times.reduce((sum, ms) => sum + ms, 0),
        ...flopsCells(flops),
      });
    }),
    ...[...speed, ...executions].map((entry) => {
      const { model, plan, schedule, tokens, backend, execution, threads, batch, flops } = entry.record;
      const { medianMs, minMs, maxMs, speedup, peakMemoryBytes, otherWork } = entry.record;
      return flat(entry, {
        ...modelCells(model),
        ...planCells(plan, schedule, tokens, model),
        ...{ backend: backend.name, form: execution?.form ?? backend.form, threads, batch },
        ...{ ms_per_image: medianMs, ms_low: minMs, ms_high: maxMs, speedup: speedup?.median ?? null },
        ...{ other_work: otherWork?.share ?? null, disturbed: otherWork ? flag(otherWork.disturbed) : null },
        ...{ peak_memory_bytes: peakMemoryBytes ?? null, ...flopsCells(flops) },
      });
    }),
    ...comparisons.flatMap((entry) => comparisonCells(entry.record).map((cells) => flat(entry, cells))),
    ...skipped.map((entry) => {
      const { dataset, flops, tokens, reason, howToRun } = entry.record;
      const known = flops === null ? {} : flopsCells(flops);
      return flat(entry, {
        ...{ dataset, tokens: tokens?.join(' ') ?? null, ...known, reason, how_to_run: howToRun },
      });
    }),
  ];
}

function flat({ record, run }: Entry<ResultRecord>, cells: Known): FlatRow {
  const named = record as Partial<Pick<AccuracyRecord, 'experiment' | 'row' | 'label' | 'paper'>>;
  return {
    ...empty,
    ...{ kind: record.kind, experiment: named.experiment ?? null, row: named.row ?? null },
    ...{ label: named.label ?? null, key: record.key },
    ...{ paper_table: named.paper?.table ?? null, paper_row: named.paper?.row ?? null },
    ...{
      cpu: run?.environment.cpu ?? null,
      commit: run?.git?.commit ?? null,
      run_at: run?.createdAt ?? null,
    },
    ...cells,
  };
}

function accuracyCells(record: AccuracyRecord): Known {
  const { model, plan, schedule, tokens, dataset, sample, backend, count, top1, top5, interval, flops } =
    record;
  return {
    ...modelCells(model),
    ...planCells(plan, schedule, tokens, model),
    ...{ dataset: dataset.name, split: dataset.split, images: count, sample: sample.how },
    ...{ partial: flag(sample.partial), backend: backend.name, form: backend.form },
    ...{ top1, top1_low95: interval[0], top1_high95: interval[1], top5, ...flopsCells(flops) },
  };
}

/** One for each seed of each way of pruning. */
function trainingCells(record: TrainedRecord): Known[] {
  const { model, dataset, rows } = record;
  const { column } = measureOf(record);
  return rows.flatMap((own) => {
    const { row, label, plan, schedule, tokens, flops, after } = own;
    const ends = endsOf(record, own);
    return after.map(({ seed }, at) => ({
      ...{ row, label, model: model.name, ...planCells(plan, schedule, tokens, model) },
      ...{ dataset: dataset.name, split: dataset.test.split, images: dataset.test.total, seed },
      ...{ [column]: ends[at], [`${column}_before_finetuning`]: beforeOf(record, own) },
      ...flopsCells(flops),
    }));
  });
}

/** One for each batch size that was timed; one without a time where none was. */
function comparisonCells({
  model,
  plan,
  schedule,
  tokens,
  backend,
  threads,
  outcome,
}: ComparisonRecord): Known[] {
  const common = {
    ...modelCells(model),
    ...planCells(plan, schedule, tokens, model),
    ...{ backend: backend.name, form: backend.form, threads },
  };
  if (outcome.state === 'unavailable')
    return [{ ...common, reason: outcome.reason, how_to_run: outcome.fix }];
  const measured = { ...common, largest_logit_difference: outcome.parity.maxDifference };
  if (outcome.timings.length === 0) return [measured];
  return outcome.timings.map(({ batch, medianMs }) => ({ ...measured, batch, ms_per_image: medianMs }));
}

function modelCells({ name, weights }: Pick<AccuracyRecord['model'], 'name' | 'weights'>): Known {
  return { model: name, weights: weights.from === 'checkpoint' ? weights.file : 'random' };
}

function planCells(
  plan: AccuracyRecord['plan'],
  schedule: string,
  tokens: readonly number[],
  model?: PlannedModel,
): Known {
  const { signal, reduce, order, alignment, conv, tokenOrder, countClassToken } = plan;
  const { operation, metric } = plan;
  return {
    ...{ pruned_after_keep: schedule, plan: planName(plan, model), tokens: tokens.join(' ') },
    ...{ signal, reduce, order, alignment, conv, token_order: tokenOrder },
    ...(operation !== undefined && { operation }),
    ...(metric !== undefined && { metric }),
    count_class_token: flag(countClassToken),
  };
}

function flopsCells({ paper, strict }: AccuracyRecord['flops']): Known {
  return { gflops_paper: paper, gflops_strict: strict };
}

function flag(value: boolean): 'yes' | 'no' {
  return value ? 'yes' : 'no';
}
