/** Detectors and segmenters in figures: what they score, what they cost, and where that goes. */
import type { VisionRecord } from '@vssm/results';
import { capitalised, flops, ms, points, whole } from '../../format.ts';
import { html, joined, type Markup } from '../../html.ts';
import type { Footnotes } from '../footnotes.ts';
import { valueName } from '../paper-value.ts';
import { groupRow, partialMark, scheduleText, table } from '../section.ts';
import { isPruned, isSmoke, type VisionGroup, visionPlanName } from './groups.ts';

const smokeMark = html`<strong class="stamp" title="random weights; no result">smoke run</strong>`;

/** One row per result. */
export function resultsTable(groups: readonly VisionGroup[], footnotes: Footnotes): Markup {
  const head = html`<tr><th scope="col">pruned after@keep</th><th scope="col">figures</th>
<th scope="col" class="number">FLOPs<small>paper profile</small></th><th scope="col" class="number">FLOPs<small>strict profile</small></th><th scope="col" class="number">ms per image</th><th scope="col">data</th></tr>`;
  return table(
    'Figures in percent; FLOPs of the whole model at its own input size, percentages relative to the dense model; time of one image inside one thread, reading the file left out',
    head,
    groups.flatMap((group) => [
      groupRow(html`${group.model.name} <small>input ${group.input.height}x${group.input.width}</small>`, 6),
      ...group.records.map((record) => resultRow(group, record, footnotes)),
    ]),
    'dense-results',
  );
}

function resultRow({ records }: VisionGroup, record: VisionRecord, footnotes: Footnotes): Markup {
  const { schedule, dataset, images, figures, partial, failed } = record;
  const notes = record.notes.map((note) => footnotes.mark(html`${note}`));
  const named = Object.entries(figures).map(
    ([figure, value]) =>
      html`${valueName(figure)} <strong>${value == null ? 'undefined' : points(value, 1)}</strong>`,
  );
  const unread = failed.length > 0 && html`<small>${whole(failed.length)} could not be read</small>`;
  const pruned = isPruned(record);
  const dense = records.find((other) => !isPruned(other));
  const time = timeOf(record);
  return html`<tr class="${pruned ? 'highlight' : ''}"><th scope="row">${pruned ? html`${scheduleText(schedule)}<small>${visionPlanName(record)}</small>` : 'dense'}${notes}</th>
<td>${joined(named, ', ')}${isSmoke(record) && smokeMark}${partial && partialMark}</td>
<td class="number">${share(record.flops.paper, dense?.flops.paper)}</td><td class="number">${share(record.flops.strict, dense?.flops.strict)}</td>
<td class="number">${time === null ? '–' : ms(time)}</td>
<td>${dataset.name}, ${dataset.split}<small>${whole(images)} of ${whole(dataset.total)} images</small>${unread}</td></tr>
`;
}

function share(value: number, dense: number | undefined): Markup {
  if (dense === undefined) return html`${flops(value)}`;
  return html`${flops(value)} <small>${points((100 * value) / dense)} %</small>`;
}

function timeOf({ parts = [] }: VisionRecord): number | null {
  const times = parts.flatMap(({ ms: time }) => (time === null ? [] : [time]));
  return times.length === 0 ? null : times.reduce((sum, time) => sum + time, 0);
}

/** Operations and time by part; null where the results of the group do not say. */
export function partsTable({ model, input, records }: VisionGroup): Markup | null {
  const told = records.filter(({ parts = [] }) => parts.length > 0);
  if (told.length === 0) return null;
  const names = [...new Set(told.flatMap(({ parts = [] }) => parts.map(({ part }) => part)))];
  const order = told
    .map(({ parts = [] }) => parts.map(({ part }) => part))
    .sort((a, b) => b.length - a.length)[0];
  const rows = names
    .sort((a, b) => order.indexOf(a) - order.indexOf(b))
    .map((name) => {
      const cells = told.map(({ parts = [] }) => {
        const part = parts.find((other) => other.part === name);
        return html`${cell(part?.gflops == null ? null : flops(part.gflops.strict))}${cell(part?.ms == null ? null : ms(part.ms))}`;
      });
      return html`<tr><th scope="row">${name}</th>${cells}</tr>
`;
    });
  const total = told.map((record) => {
    const time = timeOf(record);
    return html`${cell(flops(record.flops.strict))}${cell(time === null ? null : ms(time))}`;
  });
  const head = html`<tr><th scope="col">part</th>${told.map((record) => {
    const plan = isPruned(record) ? `${record.schedule}, ${visionPlanName(record)}` : 'dense';
    return html`<th scope="col" class="number">FLOPs<small>${plan}</small></th><th scope="col" class="number">ms<small>${plan}</small></th>`;
  })}</tr>`;
  return table(
    html`${capitalised(model.name)}: where operations (strict profile, at ${input.height}x${input.width}) and time (at the images’ own sizes) go.
“Layers” is the backbone that is pruned; “embed” includes making ready for an image of another size. What has no count is no part of the FLOPs.`,
    head,
    [...rows, html`<tr><th scope="row"><strong>all</strong></th>${total}</tr>`],
    'parts',
  );
}

function cell(text: string | null): Markup {
  return text === null ? html`<td class="number none">–</td>` : html`<td class="number">${text}</td>`;
}
