/** The league: every rule at equal tokens per block, ranked as far as the intervals tell, and what it costs. */
import { counted } from '@vssm/core';
import { figure } from '../../charts/chart.ts';
import { type FrontGroup, type FrontPoint, frontChart } from '../../charts/front.ts';
import { flops, interval, points, signed, whole } from '../../format.ts';
import { isDense } from '../../groups.ts';
import { html, type Markup, slug } from '../../html.ts';
import { alignmentName, contenderName, method } from '../../plan-names.ts';
import { type Context, partialMark, type Section, scheduleText, table } from '../section.ts';
import { term } from '../terms.ts';
import { bestWays, front, type Ground, grounds, originOf, type Standing } from './standing.ts';

export async function league(context: Context): Promise<Section | null> {
  const all = grounds(context.evidence.league);
  if (all.length === 0) return null;
  const parts: Markup[] = [];
  for (const ground of all) parts.push(await oneGround(ground, context));
  return {
    id: 'league',
    title: 'League: every rule at equal tokens',
    short: 'League',
    body: html`<p>Every rule with every operation that it has, under every way to go on after a step, on one model; at one schedule
all leave the same tokens after every block. Training-free. What has been measured of them is here;
<code>pnpm bench --only league --full</code> measures all of them. A rank is a range: the places that the
${term('interval', '95 % intervals')} allow. Differences are to the first of the table, image by image.</p>${parts}`,
  };
}

async function oneGround(ground: Ground, context: Context): Promise<Markup> {
  const { model, dataset, sample, dense, schedules } = ground;
  const id = context.files.uniqueId(`league-${slug(`${dataset.name}-${model.name}`)}`);
  const entries = [...(dense === null ? [] : [dense]), ...schedules.flat().map(({ entry }) => entry)];
  const best = new Set(front(entries));
  const drawn = entries.map((entry): FrontPoint => {
    const { plan, schedule, flops: cost, top1, interval: range } = entry.record;
    return {
      name: isDense(entry.record) ? 'dense' : `${contenderName(plan)}, ${alignmentName(plan)}`,
      ...{ group: groupOf(entry.record.plan), schedule, strictGflops: cost.strict, top1 },
      ...{ low: range[0], high: range[1], onFront: best.has(entry) },
    };
  });
  const onFront = drawn.filter((point) => point.onFront);
  const chart = frontChart({
    id,
    title: `Accuracy against cost, ${counted(entries.length, 'row')}`,
    alt: `Scatter plot of top-1 accuracy against strict FLOPs. On the front: ${onFront.map(({ name, schedule, top1 }) => `${name}${schedule === '' ? '' : ` at ${schedule}`}: ${top1.toFixed(1)} %`).join('; ')}.`,
    note: html`${dataset.name}, ${whole(sample.count)} images. Dashed: the front, what no other row beats at its cost or below.`,
    points: drawn,
  });
  return html`<h3 id="${id}-title">${model.name}<small>${dataset.name}, ${whole(sample.count)} images</small></h3>
${dense !== null && html`<p>Dense: <strong>${points(dense.record.top1, 2)} %</strong> top-1 (${interval(dense.record.interval, 2)}).</p>`}
${await figure(chart, context.files)}${schedules.map((standing) => oneSchedule(standing, context))}`;
}

function groupOf(plan: Parameters<typeof originOf>[0]): FrontGroup {
  const kind = method(plan);
  if (kind === 'dense') return 'dense';
  if (kind === 'top') return 'ToP';
  const origin = originOf(plan);
  if (origin.startsWith('as published')) return 'as published';
  if (origin.startsWith('our reading')) return 'our reading';
  return origin.startsWith('baseline') ? 'baseline' : 'ours';
}

/** Each contender at its best way, and all rows below. */
function oneSchedule(standing: readonly Standing[], context: Context): Markup {
  const [{ entry }] = standing;
  const { schedule, tokens } = entry.record;
  const best = bestWays(standing);
  const caption = html`${scheduleText(schedule)}: ${tokens.join(' → ')} tokens. `;
  if (best.length === standing.length) return rankTable(html`${caption}`, standing, standing, context);
  return html`${rankTable(
    html`${caption}Each rule and operation under the way that came out best for it here, which flatters all of them a little.`,
    best,
    standing,
    context,
  )}<details><summary>All ${counted(standing.length, 'row')} at ${schedule}</summary>${rankTable(caption, standing, standing, context)}</details>`;
}

function rankTable(
  caption: Markup,
  shown: readonly Standing[],
  all: readonly Standing[],
  { paired }: Context,
): Markup {
  const head = html`<tr><th scope="col">rule<small>then what later blocks do; where it is from</small></th><th scope="col" class="number">rank<small>of ${all.length}</small></th>
<th scope="col" class="number">top-1, %</th><th scope="col" class="number">to the first<small>points</small></th><th scope="col" class="number">FLOPs<small>${term('strictProfile')}</small></th></tr>`;
  const [first] = all;
  const rows = shown.map(({ entry, places }) => {
    const { plan, top1, interval: range, flops: cost, sample } = entry.record;
    const difference = entry === first.entry ? null : paired.compare(entry, first.entry);
    const isTop = method(plan) === 'top';
    return html`<tr class="${isTop ? 'highlight' : ''}"><th scope="row">${contenderName(plan)}${isTop && ' = ToP'}<small>${alignmentName(plan)}</small><small>${originOf(plan)}</small></th>
<td class="number">${places[0] === places[1] ? places[0] : `${places[0]}–${places[1]}`}</td>
<td class="number"><span class="value">${points(top1, 2)}</span><small class="line">${interval(range)}</small>${sample.partial && partialMark}</td>
<td class="number">${difference === null ? '–' : html`${signed(difference.difference, 2)}<small class="line">${signed(difference.interval[0], 2)} to ${signed(difference.interval[1], 2)}</small>`}</td>
<td class="number">${flops(cost.strict)}</td></tr>
`;
  });
  return table(caption, head, rows, 'own');
}
