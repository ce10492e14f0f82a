/** An experiment's verdicts in words. */
import { counted } from '@vssm/core';
import type { TrainedRecord } from '@vssm/results/trained';
import { points } from '../../format.ts';
import { type Content, html, type Markup } from '../../html.ts';
import { planName } from '../../plan-names.ts';

type Verdict = TrainedRecord['verdicts'][number];

/** One plain sentence over all comparisons of two ways of pruning. */
export function overall({ verdicts: all }: TrainedRecord): Content {
  const verdicts = all.filter(({ margin }) => margin === undefined);
  const having = (outcome: Verdict['outcome']) =>
    verdicts.filter((verdict) => verdict.outcome === outcome).length;
  const [supports, contradicts] = [having('supports'), having('contradicts')];
  const rest = verdicts.length - supports - contradicts;
  const claimed = html`that pruning with alignment recovers more in fine-tuning than pruning without`;
  if (verdicts.length === 0) return html`Nothing was compared, so there is no word on the claim.`;
  if (supports === verdicts.length)
    return html`<strong>Our data support the paper’s claim</strong> ${claimed}.`;
  if (contradicts === verdicts.length)
    return html`<strong>Our data contradict the paper’s claim</strong> ${claimed}.`;
  if (rest === verdicts.length)
    return html`<strong>Our data do not decide the paper’s claim</strong> ${claimed}.`;
  const parts = [
    supports > 0 && `${supports} support it`,
    contradicts > 0 && `${contradicts} contradict it`,
    rest > 0 && `${rest} ${rest === 1 ? 'decides' : 'decide'} nothing`,
  ].filter((part) => part !== false);
  return html`<strong>Our data bear out a part of the paper’s claim</strong> ${claimed}: of ${counted(verdicts.length, 'comparison')} ${parts.join(', ')}.`;
}

const outcomes: Readonly<Record<Verdict['outcome'], string>> = {
  supports: 'supports the claim',
  contradicts: 'contradicts the claim',
  undecided: 'decides nothing',
  'one seed': 'one seed, so no word on chance',
};

/** At keep 0.7, ToP ends 0.31 points above … (95 %: …): supports the claim. */
export function verdictLine(verdict: Verdict, { rows }: TrainedRecord): Markup {
  const { keep, gain, interval, margin, outcome } = verdict;
  // What prunes nothing stands against every level.
  const [arm, against] = [verdict.arm, verdict.against].map(
    (name) => rows.find((row) => row.arm === name && [keep, 1].includes(row.keep))!,
  );
  const claimed = margin === undefined ? '' : `, where the paper loses ${points(margin, 1)}`;
  const seeds = Math.min(arm.after.length, against.after.length);
  const range =
    interval === null
      ? ''
      : ` (95 %: ${interval.map((end) => points(end, 2)).join(' to ')}, ${counted(seeds, 'seed')} each)`;
  const place = gain < 0 ? 'below' : 'above';
  return html`Keep ${keep}: ${planName(arm.plan)} ends <strong>${Math.abs(gain).toFixed(2)} points ${place}</strong>
${against.label}${range}${claimed}: ${outcomes[outcome]}.`;
}
