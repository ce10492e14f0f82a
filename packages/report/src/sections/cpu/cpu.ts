/** The CPU, closely: ways to carry out a model side by side, where the time goes, and longer sequences. */
import { counted } from '@vssm/core';
import { listed } from '../../format.ts';
import { html, type Markup } from '../../html.ts';
import { type Context, type Section, table } from '../section.ts';
import { formsPart } from './forms.ts';
import { lengthsPart } from './lengths.ts';
import { profilePart } from './profile.ts';
import { type Target, targets } from './targets.ts';

export async function cpu(context: Context): Promise<Section | null> {
  const parts = [await formsPart(context), await profilePart(context), await lengthsPart(context)].filter(
    (part) => part !== null,
  );
  if (parts.length === 0) return null;
  return {
    id: 'cpu',
    title: 'The CPU, closely',
    body: html`${targetsTable(targets(context.evidence))}${parts}`,
  };
}

const verdicts: Readonly<Record<Target['verdict'], { readonly words: string; readonly className: string }>> =
  {
    goal: { words: 'holds, goal reached', className: 'agrees' },
    holds: { words: 'holds', className: 'agrees' },
    missed: { words: 'does not hold', className: 'wrong' },
    undecided: { words: 'not decided here', className: 'undecided' },
  };

function targetsTable(found: readonly Target[]): Markup | null {
  if (found.length === 0) return null;
  const having = (wanted: Target['verdict']) => found.filter(({ verdict }) => verdict === wanted).length;
  const [missed, undecided] = [having('missed'), having('undecided')];
  const rows = found.map(({ model, what, measured, range, bound, verdict, note }) => {
    const { words, className } = verdicts[verdict];
    return html`<tr><th scope="row">${model}<small>${what}</small></th>
<td class="number"><span class="value">${measured}</span>${range !== '' && html`<small class="line">${range}</small>`}</td>
<td class="words">${bound}</td><td><span class="${className}">${words}</span>${note !== '' && html`<small class="line disturbed">${note}</small>`}</td></tr>
`;
  });
  const head = html`<tr><th scope="col">model and what</th><th scope="col" class="number">measured</th><th scope="col">target</th><th scope="col">verdict</th></tr>`;
  const set = `${counted(found.length, 'target')} that ${found.length === 1 ? 'was' : 'were'} set for this path before it was measured`;
  const parts = [
    `${found.length - missed - undecided} hold on this machine`,
    ...(missed > 0 ? [`${missed} ${missed === 1 ? 'does' : 'do'} not`] : []),
    ...(undecided > 0
      ? [
          `${undecided} ${undecided === 1 ? 'is' : 'are'} not decided, because other work disturbed the timing`,
        ]
      : []),
  ];
  const sum = missed + undecided === 0 ? `All ${set} hold on this machine.` : `Of ${set}, ${listed(parts)}.`;
  return html`<p>${sum}</p>
${table('Ratios within rounds, median; below them the middle half of the rounds', head, rows, 'targets')}`;
}
