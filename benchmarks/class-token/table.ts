/** The records of the experiments as tables in Markdown, top-1 in percent: what docs/class-token.md shows. */
import { type FinetuningRecord, unpackRight } from '@vssm/results';
import { mean, pairedMean, standardDeviation } from '@vssm/results/statistics';

const minus = (text: string) => text.replace('-', '−');
const signed = (value: number) => minus(`${value < 0 ? '' : '+'}${value.toFixed(2)}`);
const range = ([low, high]: readonly [number, number]) => `${signed(low)} to ${signed(high)}`;

/** Records of the same seeds: with the class token in the middle, and first. */
interface Sides {
  readonly middle: readonly FinetuningRecord[];
  readonly first: readonly FinetuningRecord[];
}

function sidesOf(records: readonly FinetuningRecord[]): Sides {
  const of = (family: string) =>
    records.filter(({ model }) => model.spec.family === family).sort((a, b) => a.dense.seed - b.dense.seed);
  const first = of('videomamba');
  const seeds = first.map(({ dense }) => dense.seed);
  return { first, middle: of('vim').filter(({ dense }) => seeds.includes(dense.seed)) };
}

function rightOf({ trainingFree = [], dataset }: FinetuningRecord, row: string): readonly number[] {
  const { right } = trainingFree.find((one) => one.row === row)!;
  return unpackRight(right, dataset.test.total).map((one) => (one ? 100 : 0));
}

/** What pruning costs on each image, points, a mean over models. */
function losses(records: readonly FinetuningRecord[], row: string): number[] {
  const each = records.map((record) => {
    const pruned = rightOf(record, row);
    return rightOf(record, 'dense').map((dense, image) => dense - pruned[image]);
  });
  return each[0].map((_, image) => mean(each.map((own) => own[image])));
}

const bySeed = (values: readonly number[]) => values.map((value) => minus(value.toFixed(2))).join(', ');

/**
 * Of every keep ratio: top-1 of every seed, what is lost to the dense model (a mean over seeds), and how much more is
 * lost with the class token first, with its 95 % interval over images, and by seed.
 */
export function lossTables(records: readonly FinetuningRecord[]): string {
  const { middle, first } = sidesOf(records);
  const rows = first[0].trainingFree!;
  const keeps = [...new Set(rows.map(({ keep }) => keep))];
  return keeps
    .filter((keep) => keep < 1)
    .map((keep) => {
      const own = rows.filter((row) => row.keep === keep);
      const lines = own.map(({ row, label }) => {
        const cells = [middle, first].map((side) => {
          const top1 = side.map((record) => mean(rightOf(record, row)));
          return `${bySeed(top1)} | ${mean(losses(side, row)).toFixed(2)}`;
        });
        const other = losses(middle, row);
        const more = pairedMean(losses(first, row).map((loss, image) => loss - other[image]));
        const seeds = first.map((record, i) =>
          signed(mean(losses([record], row)) - mean(losses([middle[i]], row))),
        );
        return `| ${label} | ${cells.join(' | ')} | ${signed(more.mean)} (${range(more.interval)}) | ${seeds.join(', ')} |`;
      });
      return [
        `Keep ${keep}, ${own[0].tokens.join(' → ')} tokens:`,
        '',
        '| | middle: top-1 by seed | lost | first: top-1 by seed | lost | first loses more by | by seed |',
        '|---|---|---|---|---|---|---|',
        ...lines,
      ].join('\n');
    })
    .join('\n\n');
}

/** After fine-tuning, for each dense model: means over its seeds, and ToP against no alignment. */
export function finetunedTable(records: readonly FinetuningRecord[]): string {
  const { middle, first } = sidesOf(records);
  const lines = [...middle, ...first].map(({ model, dense, rows, dataset, verdicts }) => {
    const percent = (correct: number) => (100 * correct) / dataset.test.total;
    const cells = rows.map(({ before, after }) => {
      const values = after.map(({ correct }) => percent(correct));
      const spread = standardDeviation(values);
      return `${percent(before).toFixed(2)} | ${mean(values).toFixed(2)}${spread === null ? '' : ` ± ${spread.toFixed(2)}`}`;
    });
    const gains = verdicts.map(
      ({ gain, interval }) => `${signed(gain)}${interval === null ? '' : ` (${range(interval)})`}`,
    );
    const place = model.spec.family === 'vim' ? 'middle' : 'first';
    return `| ${place}, seed ${dense.seed} | ${percent(dense.correct).toFixed(2)} | ${cells.join(' | ')} | ${gains.join(' | ')} |`;
  });
  return [
    '| class token | dense | ToP before | after | no alignment before | after | ToP gains |',
    '|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}
