/**
 * Savings that are published without a schedule: what schedules come out there, found by arithmetic. None is
 * presented as the paper's.
 */
import { formatSchedule } from '@vssm/core';
import {
  isModelName,
  modelFlops,
  models,
  promisedSpeedup,
  pruningPlan,
  searchSchedules,
} from '@vssm/families';
import { flops, points, times, whole } from '../format.ts';
import { html, joined, type Markup } from '../html.ts';
import { sourceTags } from './paper-value.ts';
import { type Context, type Section, scheduleText, table } from './section.ts';

/** Rows of the table; the rest is a command away. */
const shown = 12;

export function schedules({ evidence }: Context): Section | null {
  const parts = evidence.tables.flatMap(({ unknownSchedules = [], sources }) =>
    unknownSchedules.map(({ model, reduction, source }) =>
      family(model, reduction, sourceTags(source, sources)),
    ),
  );
  if (parts.length === 0) return null;
  return { id: 'schedules', title: 'Schedules that are not known', body: html`${parts}` };
}

function family(model: string, target: number, source: Markup): Markup {
  if (!isModelName(model)) return html`<p>${model}: not a model of this version.</p>`;
  const spec = models[model];
  const dense = pruningPlan({ schedule: [] }, spec.family);
  const found = searchSchedules(spec, { reduction: target });
  const rows = found.slice(0, shown).map(({ plan, reduction }) => {
    const cost = modelFlops(spec, plan, 'paper');
    return html`<tr><th scope="row" class="schedule">${scheduleText(formatSchedule(plan.schedule))}</th>
<td class="number">${points(100 * reduction, 2)} %</td><td class="number">${flops(cost.total / 1e9)}</td>
<td class="number">${times(promisedSpeedup(spec, dense, plan))}</td>
<td class="number tokens">${joined(cost.tokens.map(String), ' → ')}</td></tr>
`;
  });
  const head = html`<tr><th scope="col">pruned after@keep</th><th scope="col" class="number">saved</th>
<th scope="col" class="number">FLOPs<small>paper profile</small></th>
<th scope="col" class="number">promised speed-up<small>strict profile</small></th><th scope="col" class="number">tokens</th></tr>`;
  return html`<p>For ${model} the paper states ${points(100 * target)} % fewer FLOPs ${source} and <strong>not the schedule behind it,
which is not known</strong>. Of the evenly spaced schedules with one keep ratio from 0.5 to 0.95, aligned (decay),
${whole(found.length)} come within 0.1 points of it; the best-balanced ones stand here, and none is presented as the paper’s.
<code>pnpm vssm schedule --model ${model} --reduction ${target}</code> lists them all.</p>
${table(`Schedules of ${model} that save about ${points(100 * target)} %, best-balanced first`, head, rows)}`;
}
