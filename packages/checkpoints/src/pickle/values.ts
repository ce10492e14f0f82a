/**
 * What a pickle turns into here. Plain data become plain values: null, booleans, numbers (bigint beyond 2^53),
 * strings, Uint8Array for bytes, arrays for lists, tuples and sets, PickleDict for dictionaries. A name that the
 * pickle imports, and everything made by calling one, becomes a Placeholder: a label that nothing ever calls.
 */

export class PickleDict {
  readonly entries = new Map<unknown, unknown>();
}

/** Stands where Python would have imported a name, called it, or looked up an attribute of either. */
export class Placeholder {
  readonly module: string;
  /** Within the module; attributes of it after dots: `Outer.Inner`. */
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }

  /** Module and name, for instance `argparse.Namespace`. */
  get global(): string {
    return `${this.module}.${this.name}`;
  }
}

/** The first placeholder that can be reached from `value`, itself included. */
export function findPlaceholder(value: unknown): Placeholder | undefined {
  const seen = new Set<unknown>();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (next instanceof Placeholder) return next;
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    if (Array.isArray(next)) for (const item of next) open.push(item);
    else if (next instanceof PickleDict) for (const [key, item] of next.entries) open.push(key, item);
  }
  return undefined;
}
