/**
 * STORM's windows as nodes of a graph: rows, then columns, are shortened line by line; see core's rules/storm.ts. How many
 * pairs of a window merge is fixed, and which is a TopK. Lines of all images lie in one axis: [B·lines, length, C].
 */
import { type GridSides, mergeWindows, type Operation } from '@vssm/core';
import { best, type GraphBuilder, gatherTokens, liveMask, type Value } from '@vssm/graph';

/** What the tokens of a grid carry, row by row, [B, H·W, C] each. */
export interface GridRows {
  /** What pairs are compared by; sums. */
  readonly metric: Value;
  readonly tokens: Value;
  /** Of one column: how many tokens each stands for, and its place in the unpruned grid; float32. */
  readonly sizes: Value;
  readonly places: Value;
}

/** Rows that a merge adds up; the others are those of the token that is joined. */
type Names = keyof GridRows;

/** @param widths C of each */
export function shortenGrid(
  g: GraphBuilder,
  operation: Exclude<Operation, 'half'>,
  rows: GridRows,
  widths: Readonly<Record<Names, number>>,
  from: GridSides,
  to: GridSides,
): GridRows {
  const summed: readonly Names[] = operation === 'drop' ? ['metric'] : ['metric', 'tokens', 'sizes'];
  const weighted = operation === 'merge' ? { ...rows, tokens: g.op('Mul', [rows.tokens, rows.sizes]) } : rows;
  const lines = (each: (value: Value, width: number) => Value, of: GridRows): GridRows => ({
    metric: each(of.metric, widths.metric),
    tokens: each(of.tokens, widths.tokens),
    sizes: each(of.sizes, widths.sizes),
    places: each(of.places, widths.places),
  });
  const reshape = (value: Value, shape: readonly number[]) => g.op('Reshape', [value, g.ints(shape)]);
  const turned = (value: Value, height: number, width: number, channels: number) =>
    g.op('Transpose', [reshape(value, [-1, height, width, channels])], {
      attributes: { perm: [0, 2, 1, 3] },
    });

  const byRows = lines((value, width) => reshape(value, [-1, from.width, width]), weighted);
  const narrow = shortenLines(g, byRows, summed, from.width, from.width - to.width);
  const byColumns = lines(
    (value, width) => reshape(turned(value, from.height, to.width, width), [-1, from.height, width]),
    narrow,
  );
  const short = shortenLines(g, byColumns, summed, from.height, from.height - to.height);
  const left = lines(
    (value, width) => reshape(turned(value, to.width, to.height, width), [-1, to.height * to.width, width]),
    short,
  );
  return operation === 'merge' ? { ...left, tokens: g.op('Div', [left.tokens, left.sizes]) } : left;
}

/** [N, length, C] each → [N, length - count, C] */
function shortenLines(
  g: GraphBuilder,
  rows: GridRows,
  summed: readonly Names[],
  length: number,
  count: number,
): GridRows {
  if (count === 0) return rows;
  const pairs = Math.floor(length / 2);
  const everySecond = (value: Value, first: 0 | 1) =>
    g.op('Slice', [value, g.ints([first]), g.ints([2 * pairs]), g.ints([1]), g.ints([2])]);
  const merges = mergedPairs(g, everySecond(rows.metric, 0), everySecond(rows.metric, 1), pairs, count);
  /** First and second of each pair in turn, and what has no partner. */
  const inTurn = (first: Value, second: Value, all: Value | undefined) => {
    const both = [first, second].map((value) => g.op('Unsqueeze', [value, g.ints([2])]));
    const together = g.op('Concat', both, { attributes: { axis: 2 } });
    const line = g.op('Reshape', [
      together,
      g.op('Concat', [g.ints([0, 2 * pairs]), channelsOf(g, first)], { attributes: { axis: 0 } }),
    ]);
    if (all === undefined || length === 2 * pairs) return line;
    const last = g.op('Slice', [all, g.ints([length - 1]), g.ints([length]), g.ints([1])]);
    return g.op('Concat', [line, last], { attributes: { axis: 1 } });
  };
  // 1 for those that stay.
  const first = g.op('Sub', [g.scalar(1), merges]);
  const second = g.op('Add', [g.op('Mul', [merges, g.scalar(0)]), g.scalar(1)]);
  const stays = inTurn(first, second, g.op('Add', [g.op('Mul', [rows.sizes, g.scalar(0)]), g.scalar(1)]));
  const chosen = best(g, g.op('Squeeze', [stays, g.ints([2])]), length - count);
  const shortened = (name: Names): Value => {
    const value = rows[name];
    if (!summed.includes(name)) return gatherTokens(g, value, chosen);
    const [from, to] = [everySecond(value, 0), everySecond(value, 1)];
    const joined = g.op('Add', [to, g.op('Mul', [merges, from])]);
    return gatherTokens(g, inTurn(from, joined, value), chosen);
  };
  return {
    metric: shortened('metric'),
    tokens: shortened('tokens'),
    sizes: shortened('sizes'),
    places: shortened('places'),
  };
}

/** Of each pair 1 if it merges, else 0: [N, pairs, 1]. */
function mergedPairs(g: GraphBuilder, first: Value, second: Value, pairs: number, count: number): Value {
  const difference = g.op('Abs', [g.op('Sub', [first, second])]);
  const apart = g.op('ReduceSum', [difference, g.ints([2])], { attributes: { keepdims: 0 } });
  const near = g.op('Neg', [apart]);
  const windows = mergeWindows(pairs, count).map((window) => {
    const own = g.op('Slice', [
      near,
      g.ints([window.first]),
      g.ints([window.first + window.pairs]),
      g.ints([1]),
    ]);
    if (window.merges === 0) return g.op('Mul', [own, g.scalar(0)]);
    return liveMask(g, best(g, own, window.merges), window.pairs);
  });
  const all = windows.length === 1 ? windows[0] : g.op('Concat', windows, { attributes: { axis: 1 } });
  return g.op('Unsqueeze', [all, g.ints([2])]);
}

/** C of [N, length, C], as a shape of one axis. */
function channelsOf(g: GraphBuilder, value: Value): Value {
  return g.op('Shape', [value], { attributes: { start: 2, end: 3 } });
}
