/** Where the values of a program lie: inputs and outputs with their owners, the rest in as little memory as will do. */
import type { Step } from './program-writer.ts';
import type { Trace, Value } from './trace.ts';

export type Home =
  | { readonly kind: 'input' | 'output'; readonly name: string }
  /** Floats from the beginning of the working memory. */
  | { readonly kind: 'working'; readonly first: number };

interface Stretch {
  readonly first: number;
  readonly size: number;
  /** The last step that reads it. */
  readonly until: number;
}

/** Floats of a cache line: no value shares one with another. */
const line = 16;

export function layOut(
  trace: Trace,
  steps: readonly Step[],
): { readonly homes: ReadonlyMap<Value, Home>; readonly size: number } {
  const homes = new Map<Value, Home>();
  for (const input of trace.inputs) homes.set(input, { kind: 'input', name: input.name });
  const lastRead = new Map<Value, number>();
  for (const [i, { reads, writes }] of steps.entries()) {
    for (const value of [...reads, ...writes]) lastRead.set(value, i);
  }
  const owned = new Map([...trace.outputs].toReversed().map(([name, value]) => [value, name]));
  let live: Stretch[] = [];
  let size = 0;
  for (const [i, { writes }] of steps.entries()) {
    live = live.filter(({ until }) => until >= i);
    for (const value of writes) {
      if (homes.has(value)) continue;
      const name = owned.get(value);
      if (name !== undefined) {
        homes.set(value, { kind: 'output', name });
        continue;
      }
      const needed = Math.ceil(value.shape.reduce((product, length) => product * length, 1) / line) * line;
      const first = firstGap(live, needed);
      live.push({ first, size: needed, until: lastRead.get(value)! });
      size = Math.max(size, first + needed);
      homes.set(value, { kind: 'working', first });
    }
  }
  return { homes, size };
}

/** The first place where so many floats lie free. */
function firstGap(live: readonly Stretch[], needed: number): number {
  let first = 0;
  for (const stretch of live.toSorted((a, b) => a.first - b.first)) {
    if (stretch.first - first >= needed) break;
    first = Math.max(first, stretch.first + stretch.size);
  }
  return first;
}
