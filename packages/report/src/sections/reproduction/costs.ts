/** What pruning saves, in operations and in time. */
import { counted } from '@vssm/core';
import { models } from '@vssm/families';
import type { PaperTable } from '@vssm/results';
import { answer } from '../../answers.ts';
import { disturbedWords } from '../../disturbed.ts';
import type { Entry, Evidence } from '../../evidence.ts';
import { listed, points, times } from '../../format.ts';
import { isDense } from '../../groups.ts';
import { html } from '../../html.ts';
import { method } from '../../plan-names.ts';
import {
  type Agreement,
  oneDecimalTolerance,
  type PublishedCost,
  publishedGflops,
} from '../../published-gflops.ts';
import { sourceTags } from '../paper-value.ts';
import { type Gain, gainOf } from '../speed.ts';
import { term } from '../terms.ts';
import type { ClaimLine, Outcome } from './line.ts';

export function publishedCosts(evidence: Evidence): ClaimLine | null {
  const pairs = publishedGflops(evidence);
  if (pairs.length === 0) return null;
  const sources = Object.assign(
    {},
    ...evidence.tables.map((paper) => paper.sources),
  ) as PaperTable['sources'];
  const having = (wanted: Agreement) => pairs.filter(({ agreement }) => agreement === wanted);
  const told = (some: readonly PublishedCost[]) =>
    listed(some.map(({ name, here, published }) => `${name} ${here.toFixed(2)}, published ${published}`));
  const [equal, close, apart] = [having('equal'), having('close'), having('apart')];
  const tags = [...new Set(pairs.map(({ source }) => source))].join(', ');
  return {
    claim: html`GFLOPs, ${term('dense')} and pruned (${term('paperProfile')})`,
    published: html`${counted(pairs.length, 'value')} ${sourceTags(tags, sources)}`,
    here: html`<strong>${equal.length} of ${pairs.length}</strong> to the last decimal${
      close.length > 0 &&
      html`; ${told(close)}: within the ${oneDecimalTolerance} that a value of one decimal is met to`
    }${apart.length > 0 && html`; apart: ${told(apart)}`}`,
    outcome: apart.length === 0 ? 'reproduced' : apart.length < pairs.length ? 'in part' : 'not reproduced',
    more: 'paper',
  };
}

/** The saving that the abstract states without a schedule, with a schedule of ours. */
export function statedSavings(evidence: Evidence): ClaimLine[] {
  return evidence.tables.flatMap((paper) =>
    (paper.unknownSchedules ?? []).flatMap(({ model, reduction, source }): ClaimLine[] => {
      const dense = answer(`${model}-dense`, paper, evidence).flops;
      const pruned = answer(`${model}-top`, paper, evidence).flops;
      if (dense === null || pruned === null) return [];
      const row = paper.rows.find(({ id }) => id === `${model}-top`);
      const saved = points(100 * (1 - pruned.paper / dense.paper));
      return [
        {
          claim: html`FLOPs saved on ${row?.model ?? model} (${term('paperProfile')})`,
          published: html`${points(100 * reduction)} % ${sourceTags(source, paper.sources)}`,
          here: html`<strong>${saved} %</strong> with ${term('plan', row?.schedule ?? '')}, a schedule of ours: the paper’s is not known`,
          outcome: 'in part',
          more: 'schedules',
        },
      ];
    }),
  );
}

/** Of the promised speed-up, from which on time counts as saved with the FLOPs. */
const mostOfIt = 0.9;

/** The paper's own model, Vim-S, where it was timed; null without a timing of ToP. */
export function headlineSpeed({ speed }: Pick<Evidence, 'speed'>): {
  readonly entry: Entry<Evidence['speed'][number]['record']>;
  readonly gain: Gain;
} | null {
  const gains = speed.flatMap((entry) => {
    const gain = gainOf(entry, speed);
    return gain === null || isDense(entry.record) || method(entry.record.plan) !== 'top'
      ? []
      : [{ entry, gain }];
  });
  const { family, depth, width } = models['vim-small'];
  const papers = gains.filter(({ entry: { record } }) => {
    const { spec } = record.model;
    return spec.family === family && spec.depth === depth && spec.width === width;
  });
  const candidates = papers.length > 0 ? papers : gains;
  return candidates.find(({ entry }) => entry.record.batch === 1) ?? candidates[0] ?? null;
}

/** By the middle half of the rounds: it lies on one side of a bound, or the bound is not decided. */
function savedTime({ low, high, promised, disturbed }: Gain): Outcome {
  if (disturbed !== null) return 'undecided';
  const bound = mostOfIt * promised;
  if (high < 1) return 'not reproduced';
  if (low <= 1) return 'undecided';
  if (low >= bound) return 'reproduced';
  return high < bound ? 'in part' : 'undecided';
}

export function timeSaved(evidence: Evidence): ClaimLine | null {
  const timed = headlineSpeed(evidence);
  if (timed === null) return null;
  const { measured, low, high, promised, disturbed } = timed.gain;
  const { model, schedule } = timed.entry.record;
  return {
    claim: html`FLOPs saved become time saved: ${model.name}, ${term('plan', schedule)}`,
    published: 'throughput is not known',
    here: html`<strong>${times(measured)}</strong> (${times(low)} to ${times(high)}) of ${term('promised', `${times(promised)} promised`)}${disturbed !== null && html`; ${disturbedWords(disturbed)}`}`,
    outcome: savedTime(timed.gain),
    more: 'speed',
  };
}
