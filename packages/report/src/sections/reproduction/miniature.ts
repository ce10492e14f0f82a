/** Claims that can be tried in miniature: before fine-tuning by the ablations, after it by an experiment that trains. */
import { isDeepStrictEqual } from 'node:util';
import { counted } from '@vssm/core';
import type { PaperTable } from '@vssm/results';
import { mean } from '@vssm/results/statistics';
import { endsOf, measureOf, type TrainedRow } from '@vssm/results/trained';
import { belowDense, drawnTrainings, placeOf } from '../../below-dense.ts';
import { contrastResult, contrastSettings, contrasts, type Verdict, verdict } from '../../contrasts.ts';
import type { Evidence } from '../../evidence.ts';
import { listed, points, signed } from '../../format.ts';
import { denseBeside } from '../../groups.ts';
import { type Content, html, joined, type Markup } from '../../html.ts';
import type { PairedComparison } from '../../paired.ts';
import { keepName, method } from '../../plan-names.ts';
import { type Verdict as ExperimentVerdict, verdictsOn } from '../claim/question.ts';
import { columnDecimals, paperValue, sourceTags } from '../paper-value.ts';
import { term } from '../terms.ts';
import type { ClaimLine, Outcome } from './line.ts';

function claimOf(tables: readonly PaperTable[], id: string): { text: string; tags: Markup } | null {
  for (const { claims = [], sources } of tables) {
    const claim = claims.find((one) => one.id === id);
    if (claim !== undefined) return { text: claim.text, tags: sourceTags(claim.source, sources) };
  }
  return null;
}

/**
 * What the rule made for transformers loses before fine-tuning, beside what ToP loses. How far it falls depends on the
 * model and its classes; which of the two falls further is what a miniature can tell.
 */
export function zeroShot(evidence: Evidence, paired: PairedComparison): ClaimLine | null {
  const claim = claimOf(evidence.tables, 'zero-shot');
  const contrast = contrasts.find(({ against }) => against === evitAlone)!;
  const losses = contrastSettings(evidence).flatMap((setting) => {
    const { top, others } = setting;
    const evit = others.find(({ record }) => contrast.fits(record.plan, record.model));
    const dense = denseBeside(top.record, evidence);
    if (evit === undefined || dense === null) return [];
    const lost = (top1: number) => dense.record.top1 - top1;
    const { plan, schedule } = top.record;
    return {
      ...{ keep: keepName(plan, schedule), evit: lost(evit.record.top1), top: lost(top.record.top1) },
      verdict: verdict(contrastResult(contrast, setting, paired)!),
    };
  });
  if (claim === null || losses.length === 0) return null;
  const largest = losses.toSorted((a, b) => b.evit - a.evit)[0];
  const having = (wanted: Verdict) => losses.filter((loss) => loss.verdict === wanted).length;
  return {
    claim: html`The ${term('evit')} breaks such models before fine-tuning, more than ${term('top')}`,
    published: html`more than 68 points lost on ViM-S ${claim.tags}`,
    here: html`<strong>${points(largest.evit)} points</strong> lost at most (${largest.keep}), ${term('top')} ${points(largest.top)} there; more than ${term('top')} at ${having('better')} of ${counted(losses.length, 'keep ratio')}`,
    outcome: inMiniature(having('better'), having('worse'), losses.length),
    more: 'parts',
  };
}

const evitAlone = 'EViT rule, no alignment';

/** Sum with clipping against the other three ways from channels to a score. */
export function clipping(evidence: Evidence, paired: PairedComparison): ClaimLine | null {
  const claim = claimOf(evidence.tables, 'clipping');
  const settings = contrastSettings(evidence);
  const rivals = contrasts.filter(({ question }) => question === 'Importance: clipped sum');
  const found = rivals.flatMap((contrast) => {
    const results = settings.flatMap((setting) => contrastResult(contrast, setting, paired) ?? []);
    return results.length === 0 ? [] : [{ against: contrast.against, verdicts: results.map(verdict) }];
  });
  if (claim === null || found.length === 0) return null;
  const count = (verdicts: readonly Verdict[], wanted: Verdict) =>
    verdicts.filter((one) => one === wanted).length;
  const said = found.map(({ against, verdicts }) => {
    const told = (['better', 'worse'] as const)
      .map((wanted) => [wanted, count(verdicts, wanted)] as const)
      .filter(([, times]) => times > 0)
      .map(([wanted, times]) => `${wanted} at ${times}`);
    return `${told.length === 0 ? 'no difference shown' : listed(told)} of ${verdicts.length} against ${against}`;
  });
  const all = found.flatMap(({ verdicts }) => verdicts);
  return {
    claim: html`The ${term('importance', 'clipped sum')} ranks tokens best`,
    published: html`best of four ${claim.tags}`,
    here: html`${joined(said, '; ')} (keep ratios, before fine-tuning)${clippingFinetuned(evidence)}`,
    outcome: inMiniature(count(all, 'better'), count(all, 'worse'), all.length),
    more: 'parts',
  };
}

/** The same after fine-tuning: which way the means lie, since the rivals have one seed. */
function clippingFinetuned(evidence: Evidence): Content {
  const gains = drawnTrainings(evidence).flatMap((record) => {
    const rows: readonly TrainedRow[] = record.rows;
    const end = (row: TrainedRow) => mean(endsOf(record, row));
    return rows
      .filter(({ plan }) => method(plan, record.model) === 'top')
      .flatMap((top) =>
        rows
          .filter(({ plan, keep }) => keep === top.keep && differsInReduction(plan, top.plan))
          .map((rival) => end(top) - end(rival)),
      );
  });
  if (gains.length === 0) return '';
  const ahead = gains.filter((gain) => gain > 0).length;
  return html`; after it ahead of them in ${ahead} of ${gains.length}, by ${signed(Math.min(...gains), 2)} to ${signed(Math.max(...gains), 2)} points, too few seeds for a word on chance`;
}

function differsInReduction(plan: TrainedRow['plan'], from: TrainedRow['plan']): boolean {
  return plan.reduce !== from.reduce && isDeepStrictEqual({ ...plan, reduce: from.reduce }, from);
}

function inMiniature(supporting: number, contradicting: number, all: number): Outcome {
  if (contradicting === all) return 'miniature contradicts';
  if (supporting === all) return 'miniature supports';
  if (contradicting > supporting) return 'miniature contradicts';
  return supporting > 0 ? 'miniature in part' : 'miniature undecided';
}

/** Of each experiment with a zero line: ToP at the paper's reduction against the dense model fine-tuned as long. */
export function headlines({ finetuning, segmenterFinetuning, tables }: Evidence): ClaimLine[] {
  return [...finetuning, ...segmenterFinetuning].flatMap(({ record }) =>
    belowDense(record, tables).flatMap(({ row, reduction, published }): ClaimLine[] => {
      const verdict = record.verdicts.find(
        ({ arm, keep, margin }) => margin !== undefined && arm === row.arm && keep === row.keep,
      );
      if (verdict === undefined || published === null) return [];
      const { name } = measureOf(record);
      const { section, flops } = placeOf(record);
      return [
        {
          claim: html`${signed(-100 * reduction, 1)} % ${flops} cost ${points(-published, 1)} points of ${name} (${record.model.name})`,
          published: html`${signed(published, 1)} points, ${section === 'headline' ? 'ImageNet-1K, after 30 epochs' : 'ADE20K'}`,
          ...told([verdict]),
          more: section,
        },
      ];
    }),
  );
}

/** With alignment against without, after the same fine-tuning; then what the state's decay has to do with it. */
export function alignment(evidence: Evidence): ClaimLine[] {
  return drawnTrainings(evidence).flatMap((record) => {
    const lines: ClaimLine[] = [];
    const [whole, decay] = [verdictsOn('alignment', record), verdictsOn('decay', record)];
    const model = record.model.name;
    if (whole.length > 0) {
      lines.push({
        claim: html`${term('alignment', 'Alignment')} gains ${measureOf(record).name}, after fine-tuning (${model})`,
        // Of segmenters the paper has ToP alone.
        published: record.kind === 'finetuning' ? publishedAlignment(evidence.tables) : '–',
        ...told(whole),
        more: placeOf(record).section,
      });
    }
    if (decay.length > 0) {
      lines.push({
        claim: html`… and it is the state’s ${term('alignment', 'decay')} that gains it, not the convolution’s neighbours`,
        published: 'both parts together only',
        ...told(decay),
        more: placeOf(record).section,
      });
    }
    return lines;
  });
}

function told(verdicts: readonly ExperimentVerdict[]): Pick<ClaimLine, 'here' | 'outcome'> {
  const each = verdicts.map(({ gain, interval, keep }) => {
    const range = interval === null ? 'one seed' : interval.map((end) => signed(end, 2)).join(' to ');
    return html`<strong>${signed(gain, 2)}</strong> at keep ${keep} (${range})`;
  });
  const having = (wanted: ExperimentVerdict['outcome']) =>
    verdicts.filter(({ outcome }) => outcome === wanted).length;
  return {
    here: html`${joined(each, '; ')} points; ${counted(verdicts.length, 'comparison')}`,
    outcome: inMiniature(having('supports'), having('contradicts'), verdicts.length),
  };
}

function publishedAlignment(tables: readonly PaperTable[]): Content {
  const paper = tables.find(({ table }) => table === 5);
  if (paper === undefined) return '–';
  const decimals = columnDecimals(paper.rows, 'top1');
  return [...Map.groupBy(paper.rows, ({ model }) => model)].map(([model, rows]) => {
    const values = rows.map(({ values: { top1 } }) => paperValue(top1, paper.sources, decimals(top1)));
    return html`<div>${model}: ${joined(values, ' → ')}</div>`;
  });
}
