/** The records of the experiments as tables in Markdown, top-1 in percent: what docs/class-token.md shows. */
import { type FinetuningRecord, unpackRight } from '@vssm/results';
import { mean, pairedMean, standardDeviation } from '@vssm/results/statistics';

const minus = (text: string) => text.replace('-', '−');
const signed = (value: number) => minus(`${value < 0 ? '' : '+'}${value.toFixed(2)}`);
const range = ([low, high]: readonly [number, number]) => `${signed(low)} to ${signed(high)}`;
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const ruled = (heading: readonly string[]) => [row(heading), `|${'---|'.repeat(heading.length)}`];

/** The models with the class token in the middle, and those with it first, by their seeds. */
function sidesOf(records: readonly FinetuningRecord[]): readonly FinetuningRecord[][] {
  return ['vim', 'videomamba'].map((family) =>
    records.filter(({ model }) => model.spec.family === family).sort((a, b) => a.dense.seed - b.dense.seed),
  );
}

const placeOf = ({ model, dense }: FinetuningRecord) =>
  `${model.spec.family === 'vim' ? 'middle' : 'first'}, seed ${dense.seed}`;

/** 100 of every image that is right, else 0. */
function rightOf({ trainingFree = [], dataset }: FinetuningRecord, id: string): readonly number[] {
  const { right } = trainingFree.find((one) => one.row === id)!;
  return unpackRight(right, dataset.test.total).map((one) => (one ? 100 : 0));
}

/** What pruning costs on each image, points. */
function losses(record: FinetuningRecord, id: string): number[] {
  const pruned = rightOf(record, id);
  return rightOf(record, 'dense').map((dense, image) => dense - pruned[image]);
}

/**
 * A table for every keep ratio: top-1 of each model, in brackets what it lost to its dense self, and how much more a model
 * with the class token first lost than each with it in the middle, with the 95 % interval over the images that both saw.
 */
export function lossTables(records: readonly FinetuningRecord[]): string {
  const [middle, first] = sidesOf(records);
  const pairs = first.flatMap((own) => middle.map((other) => [own, other] as const));
  const heading = [
    '',
    ...[...middle, ...first].map(placeOf),
    ...pairs.map(([own, other]) => `${placeOf(own)} loses more than ${placeOf(other)} by`),
  ];
  const [some] = [...middle, ...first];
  const rows = some?.trainingFree ?? [];
  const keeps = [...new Set(rows.map(({ keep }) => keep))].filter((keep) => keep < 1);
  return keeps
    .map((keep) => {
      const own = rows.filter((one) => one.keep === keep);
      const lines = own.map(({ row: id, label }) =>
        row([
          label,
          ...[...middle, ...first].map(
            (record) => `${mean(rightOf(record, id)).toFixed(2)} (${signed(-mean(losses(record, id)))})`,
          ),
          ...pairs.map(([one, other]) => {
            const against = losses(other, id);
            const more = pairedMean(losses(one, id).map((loss, image) => loss - against[image]));
            return `${signed(more.mean)} (${range(more.interval)})`;
          }),
        ]),
      );
      return [`Keep ${keep}, ${own[0].tokens.join(' → ')} tokens:`, '', ...ruled(heading), ...lines].join(
        '\n',
      );
    })
    .join('\n\n');
}

/** Of each dense model: before fine-tuning, after it (mean and deviation over its seeds), and what ToP gains. */
export function finetunedTable(records: readonly FinetuningRecord[]): string {
  const lines = sidesOf(records)
    .flat()
    .map((record) => {
      const percent = (correct: number) => (100 * correct) / record.dataset.test.total;
      const cells = record.rows.flatMap(({ before, after }) => {
        const values = after.map(({ correct }) => percent(correct));
        const spread = standardDeviation(values);
        const around = spread === null ? '' : ` ± ${spread.toFixed(2)}`;
        return [percent(before).toFixed(2), `${mean(values).toFixed(2)}${around}`];
      });
      const gains = record.verdicts.map(
        ({ gain, interval }) => `${signed(gain)}${interval === null ? '' : ` (${range(interval)})`}`,
      );
      return row([placeOf(record), percent(record.dense.correct).toFixed(2), ...cells, ...gains]);
    });
  return [
    ...ruled([
      'class token',
      'dense',
      'ToP before',
      'ToP after',
      'no alignment before',
      'no alignment after',
      'ToP gains',
    ]),
    ...lines,
  ].join('\n');
}
