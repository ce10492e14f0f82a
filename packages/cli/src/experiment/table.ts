/** What an experiment came to, for a terminal. */
import { mean, standardDeviation } from '@vssm/results/statistics';
import type { ExperimentRecord } from './ground.ts';

export function experimentTable(record: ExperimentRecord): string {
  const { model, rows, verdicts } = record;
  const { measure, dense, before, ends } = figuresOf(record);
  const width = Math.max(...rows.map(({ row }) => row.length));
  const lines = rows.map(({ row }, at) => {
    const spread = standardDeviation(ends[at]);
    const own = `${mean(ends[at]).toFixed(2)}${spread === null ? '' : ` ± ${spread.toFixed(2)}`}`;
    return `${row.padEnd(width)} ${before[at].toFixed(2).padStart(6)}  ${own}`;
  });
  return [
    `${model.name}: dense ${measure} ${dense.toFixed(2)} %`,
    `${'row'.padEnd(width)} before  after fine-tuning (mean ± standard deviation over seeds)`,
    ...lines,
    ...verdicts.map(sentence),
  ].join('\n');
}

interface Figures {
  readonly measure: string;
  /** Percent, each. */
  readonly dense: number;
  /** Of every row. */
  readonly before: readonly number[];
  /** Of every row, by seed. */
  readonly ends: readonly (readonly number[])[];
}

function figuresOf(record: ExperimentRecord): Figures {
  if (record.kind === 'segmenter-finetuning') {
    return {
      measure: 'mIoU',
      dense: record.dense.miou,
      before: record.rows.map(({ before }) => before),
      ends: record.rows.map(({ after }) => after.map(({ miou }) => miou)),
    };
  }
  const percent = (correct: number) => (100 * correct) / record.dataset.test.total;
  return {
    measure: 'top-1',
    dense: percent(record.dense.correct),
    before: record.rows.map(({ before }) => percent(before)),
    ends: record.rows.map(({ after }) => after.map(({ correct }) => percent(correct))),
  };
}

type Verdict = ExperimentRecord['verdicts'][number];

const outcomes: Readonly<Record<Verdict['outcome'], string>> = {
  supports: 'our data support the claim',
  contradicts: 'our data contradict the claim',
  undecided: 'our data do not decide the claim',
  'one seed': 'with one seed no statement about chance is possible',
};

function sentence({ arm, against, keep, gain, interval, margin, outcome }: Verdict): string {
  const range = interval === null ? '' : ` (95 %: ${interval.map((end) => end.toFixed(2)).join(' to ')})`;
  const points = `${Math.abs(gain).toFixed(2)} points ${gain < 0 ? 'below' : 'above'} ${against}${range}`;
  const claimed = margin === undefined ? '' : ` (claimed: at most ${margin} below)`;
  return `after fine-tuning, at keep ${keep}, ${arm} is ${points}${claimed}: ${outcomes[outcome]}`;
}
