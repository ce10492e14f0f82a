/** Who is most like whom: cosine similarity of rows. */
import type { Metric } from '../operation.ts';
import type { Floats, SignalName, SignalValues } from './rule.ts';

/** Rows that tokens are compared by, [L, width]. */
export interface MetricRows {
  readonly rows: Floats;
  readonly width: number;
}

/** Of a signal that there is one of for each set of projections, the mean over the sets. */
export function metricRows(
  tokens: Pick<SignalValues, Metric & SignalName> & { readonly length: number },
  metric: Metric,
): MetricRows {
  const value = tokens[metric];
  const rows = Array.isArray(value) ? meanOfSets(value) : (value as Floats);
  return { rows, width: rows.length / tokens.length };
}

function meanOfSets(sets: readonly Floats[]): Floats {
  if (sets.length === 1) return sets[0];
  const mean = new Float64Array(sets[0].length);
  for (const set of sets) for (let i = 0; i < mean.length; i++) mean[i] += set[i] / sets.length;
  return mean;
}

/** The one of `targets` that a source is most similar to, and how similar: the cosine. */
export interface Link {
  readonly from: number;
  readonly to: number;
  readonly similarity: number;
}

/** One link per source, in their order; the first of equally similar targets. A row of zeros is similar to nothing, 0. */
export function nearest(
  { rows, width }: MetricRows,
  sources: readonly number[],
  targets: readonly number[],
): Link[] {
  const [from, to] = [sources, targets].map((tokens) => unitRows(rows, width, tokens));
  return sources.map((source, i) => {
    let best = 0;
    let most = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < targets.length; j++) {
      const dot = dotOf(from, i * width, to, j * width, width);
      if (dot > most) {
        most = dot;
        best = j;
      }
    }
    return { from: source, to: targets[best], similarity: most };
  });
}

/** The most similar first; among equals in their order. */
export function surestFirst(links: readonly Link[]): Link[] {
  return [...links].sort((a, b) => b.similarity - a.similarity);
}

function unitRows(rows: Floats, width: number, tokens: readonly number[]): Float64Array {
  const units = new Float64Array(tokens.length * width);
  for (const [i, token] of tokens.entries()) {
    const at = token * width;
    const length = Math.sqrt(dotOf(rows, at, rows, at, width));
    const scale = length === 0 ? 0 : 1 / length;
    for (let column = 0; column < width; column++) units[i * width + column] = rows[at + column] * scale;
  }
  return units;
}

/** Four sums at a time: one alone waits for each addition to end. */
function dotOf(a: Floats, atA: number, b: Floats, atB: number, width: number): number {
  let [p, q, r, s] = [0, 0, 0, 0];
  const whole = width - (width % 4);
  let i = 0;
  for (; i < whole; i += 4) {
    p += a[atA + i] * b[atB + i];
    q += a[atA + i + 1] * b[atB + i + 1];
    r += a[atA + i + 2] * b[atB + i + 2];
    s += a[atA + i + 3] * b[atB + i + 3];
  }
  for (; i < width; i++) p += a[atA + i] * b[atB + i];
  return p + q + (r + s);
}

/**
 * Strict FLOPs of linking every source with its nearest target and ranking the links: lengths of the rows, the rows
 * divided by them, the products, their largest, and the sort.
 */
export function linkFlops(sources: number, targets: number, width: number): number {
  const units = (sources + targets) * (3 * width + 1);
  const sort = sources > 1 ? sources * Math.ceil(Math.log2(sources)) : 0;
  return units + 2 * sources * targets * width + sources * targets + sort;
}

/** The same in the paper's profile: the products, in multiply-adds. */
export function linkProducts(sources: number, targets: number, width: number): number {
  return sources * targets * width;
}
