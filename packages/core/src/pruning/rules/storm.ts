/**
 * STORM's windows (code: AOLIAO12312/STORM; arXiv 2606.19932), for tokens that fill a grid. In every row the tokens of
 * columns 2j and 2j + 1 are a pair; as many pairs merge as the smaller grid has columns fewer, in every row the same, those
 * that are nearest to each other (L1 of the residual) within windows of five pairs, over which the row's number is spread
 * in proportion. Then the same along the columns of what is left, with the sums of what has merged. The first of a pair
 * joins the second. What is left is read as a full grid, smaller by the merges.
 */
import type { Floats, GridSides, Paired, PairingRule, RuleShape } from './rule.ts';

/** Pairs of a window. */
const windowPairs = 5;

/**
 * The grid of so many cells that a step can leave: each side at least half as long as before, rounded up, and of several
 * the one of the most alike proportions; undefined where there is none.
 */
export function smallerGrid({ height, width }: GridSides, cells: number): GridSides | undefined {
  let best: GridSides | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let rows = Math.ceil(height / 2); rows <= height; rows++) {
    const columns = cells / rows;
    if (!Number.isInteger(columns) || columns > width || columns < Math.ceil(width / 2)) continue;
    const change = Math.abs(Math.log((rows * width) / (columns * height)));
    if (change < least) [best, least] = [{ height: rows, width: columns }, change];
  }
  return best;
}

export interface MergeWindow {
  /** First pair, and how many there are. */
  readonly first: number;
  readonly pairs: number;
  /** How many of them merge. */
  readonly merges: number;
}

/** Merges of a line of pairs spread over its windows: whole parts in proportion, the rest by the largest remainders. */
export function mergeWindows(pairs: number, merges: number): readonly MergeWindow[] {
  const windows = Array.from({ length: Math.ceil(pairs / windowPairs) }, (_, i) => {
    const first = i * windowPairs;
    const own = Math.min(windowPairs, pairs - first);
    return { first, pairs: own, share: (merges * own) / pairs };
  });
  const quotas = windows.map(({ share }) => Math.floor(share));
  let rest = merges - quotas.reduce((sum, quota) => sum + quota, 0);
  const byRemainder = [...windows.keys()].sort(
    (a, b) => windows[b].share - quotas[b] - (windows[a].share - quotas[a]) || a - b,
  );
  for (const i of byRemainder) {
    if (rest > 0 && quotas[i] < windows[i].pairs) {
      quotas[i]++;
      rest--;
    }
  }
  return windows.map(({ first, pairs: own }, i) => ({ first, pairs: own, merges: quotas[i] }));
}

export const storm: PairingRule<'residual'> = {
  name: 'storm',
  signals: ['residual'],
  grid: smallerGrid,
  // Of each channel the difference, its magnitude and the sum; every token is in two pairs at most.
  flops: ({ length, width }: RuleShape) => 3 * length * width,
  pair: (tokens, leaving) => merges(tokens, leaving).pairs,
  arrange: merges,
};

interface GridTokens {
  readonly residual: Floats;
  readonly width: number;
  readonly length: number;
  readonly grid?: GridSides | undefined;
}

function merges({ residual, width, length, grid }: GridTokens, leaving: number): Required<Paired> {
  const next = grid && smallerGrid(grid, length - leaving);
  if (next === undefined)
    throw new Error(`no grid of ${length - leaving} of ${length} tokens; checkPlan lets none through`);
  const metric = Float64Array.from(residual);
  const joins = new Map<number, number>();
  const shorten = (line: readonly number[], count: number) => mergeLine(line, count, metric, width, joins);
  const rows = Array.from({ length: grid!.height }, (_, row) =>
    shorten(
      Array.from({ length: grid!.width }, (_unused, column) => row * grid!.width + column),
      grid!.width - next.width,
    ),
  );
  const columns = Array.from({ length: next.width }, (_, column) =>
    shorten(
      rows.map((row) => row[column]),
      grid!.height - next.height,
    ),
  );
  const last = (token: number): number => (joins.has(token) ? last(joins.get(token)!) : token);
  return {
    pairs: [...joins.keys()].map((from) => [from, last(from)]),
    order: Array.from({ length: next.height }, (_, row) => columns.map((column) => column[row])).flat(),
  };
}

/** Tokens of a row or column, and how many of them leave → those that stay. Sums go into `metric`, pairs into `joins`. */
function mergeLine(
  line: readonly number[],
  count: number,
  metric: Float64Array,
  width: number,
  joins: Map<number, number>,
): readonly number[] {
  const pairs = Math.floor(line.length / 2);
  const distance = (pair: number) => {
    const [a, b] = [line[2 * pair] * width, line[2 * pair + 1] * width];
    let sum = 0;
    for (let i = 0; i < width; i++) sum += Math.abs(metric[a + i] - metric[b + i]);
    return sum;
  };
  const left = new Set<number>();
  for (const window of mergeWindows(pairs, count)) {
    const ranked = Array.from({ length: window.pairs }, (_, i) => window.first + i)
      .map((pair) => ({ pair, apart: distance(pair) }))
      .sort((a, b) => a.apart - b.apart);
    for (const { pair } of ranked.slice(0, window.merges)) {
      const [from, to] = [line[2 * pair], line[2 * pair + 1]];
      for (let i = 0; i < width; i++) metric[to * width + i] += metric[from * width + i];
      joins.set(from, to);
      left.add(from);
    }
  }
  return line.filter((token) => !left.has(token));
}
