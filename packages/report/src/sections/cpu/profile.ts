/** Where the time goes: per block, per part, and against what the machine could do. */
import { counted } from '@vssm/core';
import type { ProfileRecord } from '@vssm/results';
import { blockTimesChart } from '../../charts/block-times.ts';
import { figure } from '../../charts/chart.ts';
import { type Roof, roofAt, rooflineChart } from '../../charts/roofline.ts';
import { type PartTotal, type ProfilePair, partTotals, profilePairs } from '../../executions.ts';
import { capitalised, ms, points, whole } from '../../format.ts';
import { html, type Markup, slug } from '../../html.ts';
import { furtherThreads } from '../../processors.ts';
import { type Context, table } from '../section.ts';
import { type Part, partNames } from './part-names.ts';

const partOrder = Object.keys(partNames) as Part[];

export async function profilePart({ evidence, files }: Context): Promise<Markup | null> {
  const pairs = profilePairs(evidence);
  if (pairs.length === 0) return null;
  const shown: Markup[] = [];
  for (const pair of pairs) {
    shown.push(await figure(stacked(pair, files.uniqueId(`cpu-blocks-${slug(pair.model)}`)), files));
    shown.push(await figure(roofline(pair, files.uniqueId(`cpu-roofline-${slug(pair.model)}`)), files));
    shown.push(partsTable(pair));
  }
  return html`<h3>Where the time goes</h3>
<p>The segments form on one core, part by part. A part that stands on a roof can only become faster by doing or moving less.
${roofSentence(pairs[0].dense.record)} ${furtherThreads(evidence).map((sentence) => `${sentence}. `)}</p>${shown}`;
}

/** The roof of as many threads as the profile has. */
function roofOf({ roofs, threads }: ProfileRecord): Roof & { readonly threads: number } {
  return roofs.find((roof) => roof.threads === threads) ?? roofs[0];
}

function roofSentence({ roofs }: ProfileRecord): string {
  const each = roofs.map(
    ({ threads, gflopsPerSecond, gigabytesPerSecond }) =>
      `${counted(threads, 'thread')}: ${gflopsPerSecond.toFixed(0)} GFLOP/s in a large matrix product, ${gigabytesPerSecond.toFixed(1)} GB/s in a large copy`,
  );
  return `This machine’s roofs, ${each.join('; ')}.`;
}

function stacked({ model, dense, pruned }: ProfilePair, id: string) {
  const records = pruned === null ? [dense.record] : [dense.record, pruned.record];
  const total = ({ parts }: ProfileRecord) => parts.reduce((sum, { medianMs }) => sum + medianMs, 0);
  const name = (record: ProfileRecord) =>
    `${record.schedule === '' ? 'dense' : `pruned ${record.schedule}`}: ${ms(total(record))} ms`;
  const rounds = dense.record.parts[0].samplesMs.length;
  return blockTimesChart({
    id,
    title: `${model}, one core: time of each block`,
    alt: `Stacked bar chart of the time of each block by part. ${records.map(name).join('; ')}.`,
    note: html`${capitalised(records.map(name).join('; '))} in all. Medians of ${counted(rounds, 'round')}, batch ${dense.record.batch}. The projections between two scans are drawn with the block whose output
they take; the first block has the patches and its own input projection, the last one the classifier.`,
    times: records.flatMap((record) =>
      record.parts.map(({ part, block, medianMs, tokens }) => ({
        plan: record.schedule === '' ? 'dense' : `pruned ${record.schedule}`,
        block,
        part: partNames[part].name,
        ms: medianMs,
        tokens,
      })),
    ),
    parts: partOrder.map((part) => ({ part: partNames[part].name, colour: partNames[part].colour })),
  });
}

function rateOf({ gflops, ms: time }: PartTotal): number {
  return (gflops / time) * 1000;
}

function intensityOf({ gflops, bytes }: PartTotal): number {
  return (gflops * 1e9) / bytes;
}

/** Parts that take less of the time are told in the table alone. */
const leastShare = 0.02;

function roofline({ model, dense: { record } }: ProfilePair, id: string) {
  const roof = roofOf(record);
  const totals = ordered(partTotals(record)).filter(({ share, gflops }) => share >= leastShare && gflops > 0);
  return rooflineChart({
    id,
    title: `${model}, dense, one core: each part against the machine’s roofs`,
    alt: `Roofline chart: operations per byte against operations a second. ${totals
      .map(
        (total) =>
          `${partNames[total.part].name}: ${points(rateOf(total))} GFLOP/s at ${points(intensityOf(total))} operations per byte`,
      )
      .join(
        '; ',
      )}. Roofs: ${roof.gflopsPerSecond.toFixed(0)} GFLOP/s and ${roof.gigabytesPerSecond.toFixed(1)} GB/s.`,
    note: html`The sloping roof is the fastest copy of a large array, the flat one the fastest large matrix product. Bytes are a part’s inputs,
outputs and parameters, once each; what a cache holds can lift a point above the slope. The flat roof needs a multiplication and an addition in
every instruction: exponentials, gates and whatever else does not come in such pairs stay below it. Larger dots take more of the time; parts of less than ${points(100 * leastShare, 0)} % are left out.`,
    points: totals.map((total) => ({
      ...partNames[total.part],
      intensity: intensityOf(total),
      gflopsPerSecond: rateOf(total),
      share: total.share,
    })),
    roof,
  });
}

function ordered(totals: readonly PartTotal[]): PartTotal[] {
  return totals.toSorted((a, b) => partOrder.indexOf(a.part) - partOrder.indexOf(b.part));
}

function partsTable({ model, dense, pruned }: ProfilePair): Markup {
  const roof = roofOf(dense.record);
  const prunedTotals = pruned === null ? [] : partTotals(pruned.record);
  const denseTotals = partTotals(dense.record);
  const parts = partOrder.filter((part) =>
    [...denseTotals, ...prunedTotals].some((total) => total.part === part),
  );
  const rows = parts.map((part) => {
    const own = denseTotals.find((total) => total.part === part);
    const less = prunedTotals.find((total) => total.part === part);
    const some = own ?? less!;
    return html`<tr><th scope="row">${partNames[part].name}</th>${timeCell(own)}${pruned !== null && timeCell(less)}
<td class="number">${points(some.gflops, 3)}</td><td class="number">${points(some.bytes / 1e6, 1)}</td>
<td class="number">${points(rateOf(some))}</td><td class="number">${points((100 * rateOf(some)) / roofAt(roof, intensityOf(some)), 0)} %</td></tr>
`;
  });
  const head = html`<tr><th scope="col">part</th><th scope="col" class="number">dense, ms</th>${pruned !== null && html`<th scope="col" class="number">pruned, ms</th>`}
<th scope="col" class="number">GFLOPs, strict</th><th scope="col" class="number">MB moved</th><th scope="col" class="number">GFLOP/s</th><th scope="col" class="number">of the roof</th></tr>`;
  const scoring = pruned?.record.scoring;
  const score =
    scoring === null || scoring === undefined
      ? ''
      : ` Scores are computed within the scan: they take ${points(scoring.medianMs, 2)} ms of it, the difference to the same plan with random scores.`;
  return table(
    `${model}, one image on one core, summed over ${whole(dense.record.model.spec.depth)} blocks; operations, bytes and rates are the dense model’s where it has the part.${score}`,
    head,
    rows,
    'parts',
  );
}

function timeCell(total: PartTotal | undefined): Markup {
  if (total === undefined) return html`<td class="number none">–</td>`;
  return html`<td class="number"><span class="value">${ms(total.ms)}</span> <small>${points(100 * total.share)} %</small></td>`;
}
