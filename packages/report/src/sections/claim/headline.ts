/**
 * How far below dense pruning ends at the paper's reductions of FLOPs: experiments whose zero line is the dense model,
 * fine-tuned as long.
 */
import { counted } from '@vssm/core';
import type { FinetuningRecord } from '@vssm/results';
import { mean } from '@vssm/results/statistics';
import { type BelowDense, belowDense, endsOf, type FinetuningRow, zeroLine } from '../../below-dense.ts';
import { figure } from '../../charts/chart.ts';
import { type TradeoffPoint, tradeoffChart } from '../../charts/tradeoff.ts';
import { points, signed, whole } from '../../format.ts';
import { html, type Markup } from '../../html.ts';
import { method, planName } from '../../plan-names.ts';
import { type Context, groupRow, type Section, scheduleText, table } from '../section.ts';
import { ending } from './ending.ts';
import { evaluatedAgain } from './evaluated-again.ts';
import { verdictLine } from './verdict.ts';

export async function headline({ evidence, files }: Context): Promise<Section | null> {
  const records = evidence.finetuning
    .map(({ record }) => record)
    .filter((record) => zeroLine(record) !== null);
  if (records.length === 0) return null;
  const chart = tradeoffChart({
    id: 'headline-front',
    title: 'Accuracy against cost, after fine-tuning',
    alt: `Top-1 in percent after fine-tuning. ${records.flatMap((record) => record.rows.map((row) => `${record.model.name}, ${planName(row.plan)}: ${points(mean(endsOf(record, row)), 2)} at ${(1000 * row.flops.paper).toPrecision(3)} MFLOPs`)).join('; ')}.`,
    note: html`${records[0].dataset.name}, ${whole(records[0].dataset.test.total)} test images; means over seeds. Dashed: one method at
the paper’s reduction and at half of it.`,
    points: records.flatMap(pointsOf),
  });
  return {
    id: 'headline',
    title: 'The headline, in miniature',
    body: html`<p>What pruning costs at the paper’s reductions of FLOPs, on a small model of each of its families with its 14 x 14 patches:
points of top-1 below the dense model that was <strong>fine-tuned as long</strong>. Nothing was chosen by test images.</p>
${records.map((record) => html`<ul class="support">${record.verdicts.map((verdict) => html`<li>${record.model.name}: ${verdictLine(verdict, record)}</li>`)}</ul>`)}
${await figure(chart, files)}
${records.map((record) => headlineTable(record, belowDense(record, evidence.tables)))}
${records.map((record) => evaluatedAgain(record, evidence))}
<p class="aside">What this is not: ImageNet-1K, a full-size model, or the paper’s thirty epochs. Intervals are over seeds of the fine-tuning
from one dense model. <code>benchmarks/headline</code> says how to run it again.</p>`,
  };
}

function headlineTable(record: FinetuningRecord, pruned: readonly BelowDense[]): Markup {
  const { dataset, model, recipes, dense } = record;
  const zero = zeroLine(record)!;
  const percent = (correct: number) => points((100 * correct) / dataset.test.total, 2);
  const head = html`<tr><th scope="col">pruning</th><th scope="col" class="number">before<small>top-1, %</small></th>
<th scope="col" class="number">after<small>mean ± deviation</small></th><th scope="col" class="number">to dense<small>points, 95 %</small></th>
<th scope="col" class="number">the paper<small>points</small></th></tr>`;
  const before = (row: FinetuningRow) => html`<td class="number">${percent(row.before)}</td>`;
  const levels = [...Map.groupBy(pruned, ({ row }) => row.keep).values()];
  const lines = levels.flatMap((own) => {
    const [{ row, reduction }] = own;
    const title = html`${signed(-100 * reduction, 1)} % FLOPs, ${scheduleText(row.schedule)}: ${row.tokens.join(' → ')} tokens`;
    return [
      groupRow(title, 5),
      ...own.map(
        ({ row: one, gain, interval, published }) =>
          html`<tr class="${method(one.plan) === 'top' ? 'highlight' : ''}"><th scope="row">${planName(one.plan)}</th>${before(one)}
<td class="number">${ending(record, one)}</td><td class="number"><strong>${signed(gain, 2)}</strong>${interval !== null && html`<small class="line">${signed(interval[0], 2)} to ${signed(interval[1], 2)}</small>`}</td>
<td class="number">${published === null ? '–' : signed(published, 1)}</td></tr>
`,
      ),
    ];
  });
  const zeroRow = html`<tr><th scope="row">dense, fine-tuned as long</th>${before(zero)}<td class="number">${ending(record, zero)}</td><td class="number">0, the zero line</td><td class="number">0</td></tr>
`;
  return table(
    html`${model.name}, ${whole(model.params)} parameters, trained for ${counted(Number(recipes.dense.epochs), 'epoch')} to ${percent(dense.correct)} %,
then fine-tuned for ${counted(Number(recipes.finetuning.epochs), 'epoch')} of ${whole(Number(recipes.finetuning.images) || dataset.training.total)} images`,
    head,
    [zeroRow, ...lines],
    'variants',
  );
}

function pointsOf(record: FinetuningRecord): TradeoffPoint[] {
  return record.rows.map((row): TradeoffPoint => {
    const kind = method(row.plan);
    const dense = kind === 'dense';
    return {
      ...{
        origin: 'measured',
        gflops: row.flops.paper,
        top1: mean(endsOf(record, row)),
        low: null,
        high: null,
      },
      method: kind,
      name: `${record.model.name}, ${planName(row.plan)}${dense ? '' : `, ${row.schedule}`}`,
      label: dense ? record.model.name.replace(/\s*\([^)]*\)/, '') : '',
      line: kind === 'top' || kind === 'evit' ? `${kind} ${record.model.name}` : null,
      source: `${record.dataset.name}, ${counted(row.after.length, 'seed')}`,
    };
  });
}
