/**
 * How far below dense pruning ends at the paper's reductions of FLOPs: experiments whose zero line is the dense model,
 * fine-tuned as long.
 */
import { counted } from '@vssm/core';
import type { FinetuningRecord } from '@vssm/results';
import { mean } from '@vssm/results/statistics';
import { endsOf } from '@vssm/results/trained';
import { zeroLine } from '../../below-dense.ts';
import { figure } from '../../charts/chart.ts';
import { type TradeoffPoint, tradeoffChart } from '../../charts/tradeoff.ts';
import { points, whole } from '../../format.ts';
import { html } from '../../html.ts';
import { method, planName } from '../../plan-names.ts';
import type { Context, Section } from '../section.ts';
import { belowDenseTable } from './below-dense-table.ts';
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
    alt: `Top-1 in percent after fine-tuning. ${records.flatMap((record) => record.rows.map((row) => `${record.model.name}, ${planName(row.plan, record.model)}: ${points(mean(endsOf(record, row)), 2)} at ${(1000 * row.flops.paper).toPrecision(3)} MFLOPs`)).join('; ')}.`,
    note: html`${records[0].dataset.name}, ${whole(records[0].dataset.test.total)} test images; means over seeds. Dashed: one method at
the paper’s reduction and at half of it.`,
    points: records.flatMap(pointsOf),
  });
  return {
    id: 'headline',
    title: 'The headline, in miniature',
    body: html`<p>What pruning costs at the paper’s reductions of FLOPs, on small models of its families with its 14 x 14 patches:
points of top-1 below the dense model that was <strong>fine-tuned as long</strong>. Nothing was chosen by test images.</p>
${records.map((record) => html`<ul class="support">${record.verdicts.map((verdict) => html`<li>${record.model.name}: ${verdictLine(verdict, record, evidence.tables)}</li>`)}</ul>`)}
${await figure(chart, files)}
${records.map((record) => belowDenseTable(record, evidence.tables))}
${records.map((record) => evaluatedAgain(record, evidence))}
<p class="aside">What this is not: ImageNet-1K, a full-size model, or the paper’s thirty epochs. Intervals are over seeds of the fine-tuning
from one dense model. <code>benchmarks/headline</code> says how to run it again.</p>`,
  };
}

function pointsOf(record: FinetuningRecord): TradeoffPoint[] {
  return record.rows.map((row): TradeoffPoint => {
    const kind = method(row.plan, record.model);
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
      name: `${record.model.name}, ${planName(row.plan, record.model)}${dense ? '' : `, ${row.schedule}`}`,
      label: dense ? record.model.name.replace(/\s*\([^)]*\)/, '') : '',
      line: kind === 'top' || kind === 'evit' ? `${kind} ${record.model.name}` : null,
      source: `${record.dataset.name}, ${counted(row.after.length, 'seed')}`,
    };
  });
}
