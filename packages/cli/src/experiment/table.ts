/** What an experiment came to, for a terminal. */
import { mean, standardDeviation } from '@vssm/results/statistics';
import { beforeOf, denseOf, endsOf, measureOf, type TrainedRecord } from '@vssm/results/trained';

export function experimentTable(record: TrainedRecord): string {
  const { model, rows, verdicts } = record;
  const width = Math.max(...rows.map(({ row }) => row.length));
  const lines = rows.map((row) => {
    const ends = endsOf(record, row);
    const spread = standardDeviation(ends);
    const own = `${mean(ends).toFixed(2)}${spread === null ? '' : ` ± ${spread.toFixed(2)}`}`;
    return `${row.row.padEnd(width)} ${beforeOf(record, row).toFixed(2).padStart(6)}  ${own}`;
  });
  return [
    `${model.name}: dense ${measureOf(record).name} ${denseOf(record).toFixed(2)} %`,
    `${'row'.padEnd(width)} before  after fine-tuning (mean ± standard deviation over seeds)`,
    ...lines,
    ...verdicts.map(sentence),
  ].join('\n');
}

type Verdict = TrainedRecord['verdicts'][number];

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
