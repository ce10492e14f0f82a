/** The first thing on the page: the paper's claims, ours beside them, one line each. */
import { counted } from '@vssm/core';
import type { Evidence } from '../../evidence.ts';
import { html, type Markup } from '../../html.ts';
import { type Context, type Section, table } from '../section.ts';
import { banners, keyFigures, supports, whatWasRun } from '../summary.ts';
import { term } from '../terms.ts';
import { figuresOfTables } from './accuracies.ts';
import { headlineSpeed, publishedCosts, statedSavings, timeSaved } from './costs.ts';
import type { ClaimLine, Outcome } from './line.ts';
import { alignment, clipping, headlines, zeroShot } from './miniature.ts';

export function reproduction(context: Context): Section {
  const { evidence } = context;
  const lines = claimLines(context);
  return {
    id: 'reproduces',
    title: 'Does it reproduce?',
    body: html`${banners(evidence)}
${lines.length > 0 && html`<p class="lead">${inShort(lines)}</p>${claimsTable(lines)}`}
${keyFigures(evidence, headlineSpeed(evidence))}
<p>${whatWasRun(evidence)}</p>
<ul class="support">${supports(evidence).map((line) => html`<li>${line}</li>`)}</ul>`,
  };
}

function claimLines({ evidence, paired }: Context): ClaimLine[] {
  if (!hasMeasurements(evidence)) return [];
  const found = [
    publishedCosts(evidence),
    ...statedSavings(evidence),
    timeSaved(evidence),
    ...headlines(evidence),
    ...alignment(evidence),
    clipping(evidence, paired),
    zeroShot(evidence, paired),
    ...figuresOfTables(evidence),
  ];
  return found.filter((line) => line !== null);
}

function hasMeasurements({ accuracy, speed, vision, finetuning, segmenterFinetuning }: Evidence): boolean {
  const all = [accuracy, speed, vision, finetuning, segmenterFinetuning];
  return all.some((entries) => entries.length > 0);
}

const words: Readonly<
  Record<Outcome, { readonly text: string; readonly className: string; readonly small?: true }>
> = {
  reproduced: { text: 'yes', className: 'agrees' },
  'in part': { text: 'in part', className: '' },
  'not reproduced': { text: 'no', className: 'wrong' },
  undecided: { text: 'not decided here', className: '' },
  'miniature supports': { text: 'yes', className: 'agrees', small: true },
  'miniature in part': { text: 'in part', className: '', small: true },
  'miniature contradicts': { text: 'no', className: 'wrong', small: true },
  'miniature undecided': { text: 'not decided', className: '', small: true },
  measured: { text: 'see the table', className: '' },
  'not run': { text: 'not run', className: 'none' },
};

function claimsTable(lines: readonly ClaimLine[]): Markup {
  const rows = lines.map(({ claim, published, here, outcome, more }) => {
    const { text, className, small } = words[outcome];
    return html`<tr><th scope="row">${claim}</th>
<td class="verdict"><a class="${className}" href="#${more}">${text}</a>${small && html`<small>${term('miniature')}</small>`}</td>
<td class="prose">${here}</td><td class="prose">${published}</td></tr>
`;
  });
  const head = html`<tr><th scope="col">claim</th><th scope="col">holds here?</th><th scope="col">here</th><th scope="col">the paper</th></tr>`;
  return table(
    'The paper’s claims and what came out here; each verdict leads to the whole of it',
    head,
    rows,
    'claims-table',
  );
}

/** One sentence over all lines. */
function inShort(lines: readonly ClaimLine[]): Markup {
  const having = (...wanted: readonly Outcome[]) =>
    lines.filter(({ outcome }) => wanted.includes(outcome)).length;
  const parts = [
    [having('reproduced', 'miniature supports'), 'yes'],
    [having('in part', 'miniature in part'), 'in part'],
    [having('not reproduced', 'miniature contradicts'), 'no'],
    [having('undecided', 'miniature undecided'), 'not decided'],
    [having('measured'), 'measured beside it'],
    [having('not run'), 'not run'],
  ] as const;
  const small = lines.filter(({ outcome }) => words[outcome].small).length;
  const told = parts.filter(([count]) => count > 0).map(([count, word]) => `${word} ${count}`);
  return html`Of ${counted(lines.length, 'claim')}: <strong>${told.join(', ')}</strong>.${
    small > 0 &&
    html` ${counted(small, 'answer is', 'answers are')} ${term('miniature')}, on a small model and small images.`
  }`;
}
