/** One row per question that the ablations answer: what ToP gains or loses against one change. */
import { counted } from '@vssm/core';
import {
  type ContrastResult,
  type ContrastSetting,
  contrastResult,
  contrasts,
  type Verdict,
  verdict,
} from '../contrasts.ts';
import { listed, points, signed } from '../format.ts';
import { denseBeside, seriesNamer } from '../groups.ts';
import { html, type Markup } from '../html.ts';
import { type Context, partialMark, table } from './section.ts';
import { term } from './terms.ts';

export function contrastTable(settings: readonly ContrastSetting[], context: Context): Markup | null {
  const shown = contrasts
    .map((contrast) => ({
      contrast,
      results: settings.map((setting) => contrastResult(contrast, setting, context.paired)),
    }))
    .filter(({ results }) => results.some((result) => result !== null));
  if (shown.length === 0) return null;
  const rows = shown.map(
    ({ contrast: { question, against }, results }) =>
      html`<tr><th scope="row">${question}<small>against ${against}</small></th>${results.map(cell)}</tr>
`,
  );
  const datasets = listed([...new Set(settings.map(({ top }) => top.record.dataset.name))]);
  const caption = html`Top-1 points that ${term('top')} gains (+) or loses (−) against one change, ${datasets}; ${term('interval', '95 % intervals')} of the paired difference on the same images. Of twenty such intervals about one misses.`;
  return table(caption, heading(settings, context), rows, 'contrasts');
}

function heading(settings: readonly ContrastSetting[], { evidence }: Context): Markup {
  const seriesOf = seriesNamer(settings.map(({ top }) => top.record));
  const severalDatasets = new Set(settings.map(({ top }) => top.record.dataset.name)).size > 1;
  const columns = settings.map(({ top: { record } }) => {
    const dense = denseBeside(record, evidence);
    const dataset = severalDatasets && html`<small>${record.dataset.name}</small>`;
    const beside = dense !== null && html`<small>dense ${points(dense.record.top1)} %</small>`;
    return html`<th scope="col" class="number">${seriesOf(record)}${dataset}<small>ToP ${points(record.top1)} %</small>${beside}
<small>${counted(record.count, 'image')}</small>${record.sample.partial && partialMark}</th>`;
  });
  return html`<tr><th scope="col">what ToP does</th>${columns}</tr>`;
}

const words: Readonly<Record<Verdict, string>> = {
  better: 'ToP is better',
  worse: 'ToP is worse',
  undecided: 'no difference shown',
};

function cell(result: ContrastResult | null): Markup {
  if (result === null) return html`<td class="number none">not run</td>`;
  const { paired, difference } = result;
  if (paired === null) {
    return html`<td class="number"><span class="value">${signed(difference)}</span>
<small class="line">no interval: predictions missing</small></td>`;
  }
  const kind = verdict(result);
  const [low, high] = paired.interval;
  return html`<td class="number verdict-${kind}"><span class="value">${signed(paired.difference)}</span>
<small>${signed(low)} to ${signed(high)}</small><small class="line">${words[kind]}</small></td>`;
}
