/** An experiment's verdicts in words. */
import { counted } from '@vssm/core';
import type { PaperTable } from '@vssm/results';
import { measureOf, type TrainedRecord } from '@vssm/results/trained';
import { publishedGain } from '../../below-dense.ts';
import { points } from '../../format.ts';
import { type Content, html, joined, type Markup } from '../../html.ts';
import { planName } from '../../plan-names.ts';
import { type Question, rowsOf, type Verdict, verdictsOn } from './question.ts';

/** One plain sentence over all comparisons that a claim of the paper is about. */
export function overall(record: TrainedRecord): Content {
  const measure = measureOf(record).name;
  const claims: Readonly<Partial<Record<Question, (verdicts: readonly Verdict[]) => Markup>>> = {
    price: ([{ margin }]) =>
      html`that pruning at its reduction costs ${points(margin!, 1)} points of ${measure} after fine-tuning`,
    alignment: () => html`that pruning with alignment recovers more in fine-tuning than pruning without`,
    evit: () => html`that ToP recovers more in fine-tuning than the EViT rule`,
  };
  const said = Object.entries(claims).flatMap(([question, claimed]) => {
    const verdicts = verdictsOn(question as Question, record);
    return verdicts.length === 0 ? [] : [sentence(claimed(verdicts), verdicts)];
  });
  return said.length === 0 ? 'Nothing was compared that the paper claims.' : joined(said, ' ');
}

function sentence(claimed: Markup, verdicts: readonly Verdict[]): Markup {
  const having = (outcome: Verdict['outcome']) =>
    verdicts.filter((verdict) => verdict.outcome === outcome).length;
  const [supports, contradicts] = [having('supports'), having('contradicts')];
  const rest = verdicts.length - supports - contradicts;
  if (supports === verdicts.length)
    return html`<strong>Our data support the paper’s claim</strong> ${claimed}.`;
  if (contradicts === verdicts.length)
    return html`<strong>Our data contradict the paper’s claim</strong> ${claimed}.`;
  if (rest === verdicts.length)
    return html`<strong>Our data do not decide the paper’s claim</strong> ${claimed}.`;
  const what = supports === 0 ? 'speak against' : 'bear out a part of';
  const parts = [
    supports > 0 && `${supports} ${supports === 1 ? 'supports' : 'support'} it`,
    contradicts > 0 && `${contradicts} ${contradicts === 1 ? 'contradicts' : 'contradict'} it`,
    rest > 0 && `${rest} ${rest === 1 ? 'decides' : 'decide'} nothing`,
  ].filter((part) => part !== false);
  return html`<strong>Our data ${what} the paper’s claim</strong> ${claimed}: of ${counted(verdicts.length, 'comparison')} ${parts.join(', ')}.`;
}

const outcomes: Readonly<Record<Verdict['outcome'], string>> = {
  supports: 'supports the claim',
  contradicts: 'contradicts the claim',
  undecided: 'decides nothing',
  'one seed': 'one seed, so no word on chance',
};

/** At keep 0.7, ToP ends 0.31 points above … (95 %: …), where the paper has it 2.4 above: supports the claim. */
export function verdictLine(verdict: Verdict, record: TrainedRecord, tables: readonly PaperTable[]): Markup {
  const { keep, gain, interval, margin, outcome } = verdict;
  const [arm, against] = rowsOf(verdict, record);
  const published = margin === undefined ? publishedGain(record, arm, against, tables) : null;
  const size =
    published === null
      ? ''
      : `, where the paper has it ${points(Math.abs(published), 1)} ${published < 0 ? 'below' : 'above'}`;
  const claimed = margin === undefined ? size : `, where the paper loses ${points(margin, 1)}`;
  const said = (excludes(interval, published) && withoutSize[outcome]) || outcomes[outcome];
  const seeds = [...new Set([arm, against].map(({ after }) => after.length))];
  const range =
    interval === null
      ? ''
      : ` (95 %: ${interval.map((end) => points(end, 2)).join(' to ')}, ${seeds.length === 1 ? `${counted(seeds[0], 'seed')} each` : `${seeds.join(' and ')} seeds`})`;
  const place = gain < 0 ? 'below' : 'above';
  return html`Keep ${keep}: ${planName(arm.plan, record.model)} ends <strong>${Math.abs(gain).toFixed(2)} points ${place}</strong>
${against.label}${range}${claimed}: ${said}.`;
}

/** A gain can be in doubt where the paper's size of it is not. */
const withoutSize: Readonly<Partial<Record<Verdict['outcome'], string>>> = {
  supports: 'supports the claim, and excludes its size',
  undecided: 'excludes that size, and does not decide whether there is a gain',
};

function excludes(interval: Verdict['interval'], size: number | null): boolean {
  return size !== null && interval !== null && (size < interval[0] || size > interval[1]);
}
