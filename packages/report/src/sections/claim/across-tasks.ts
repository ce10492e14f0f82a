/** How far below dense a pruned segmenter ends after fine-tuning: experiments on scenes, against their zero line. */
import { zeroLine } from '../../below-dense.ts';
import { html } from '../../html.ts';
import type { Context, Section } from '../section.ts';
import { belowDenseTable } from './below-dense-table.ts';
import { verdictLine } from './verdict.ts';

export function acrossTasks({ evidence }: Context): Section | null {
  const records = evidence.segmenterFinetuning
    .map(({ record }) => record)
    .filter((record) => zeroLine(record) !== null);
  if (records.length === 0) return null;
  return {
    id: 'across-tasks',
    title: 'Across tasks, in miniature',
    body: html`<p>What pruning costs a segmenter: points of mIoU below the dense model that was <strong>fine-tuned as long</strong>, on scenes
that are made of small pictures.</p>
${records.map((record) => html`<ul class="support">${record.verdicts.map((verdict) => html`<li>${verdictLine(verdict, record, evidence.tables)}</li>`)}</ul>`)}
${records.map((record) => belowDenseTable(record, evidence.tables))}
<p class="aside">What this is not: ADE20K, a full-size model, or the authors’ budget. Intervals are over seeds of the fine-tuning from one
dense model. No detector was trained: of table 2 the networks and their speed are measured here, not their accuracy.
<code>benchmarks/scenes</code> says how to run it again.</p>`,
  };
}
