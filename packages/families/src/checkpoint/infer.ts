/**
 * Hyper-parameters from the shapes of tensors. Every tensor that shows one is asked, and the most frequent answer
 * holds: so a single wrong tensor is the one that is reported, not all the others. Where no tensor shows a value,
 * it is 1: the file then lacks tensors, and the comparison with the list of them says which.
 */
import type { Weights } from '@vssm/core';

/** Length of one axis (negative: from the last) of every tensor of these names. */
export function axisOf(weights: Weights, names: RegExp, axis: number): (number | undefined)[] {
  return [...weights].filter(([name]) => names.test(name)).map(([, { shape }]) => shape.at(axis));
}

export function decide(...answers: (number | undefined)[][]): number {
  return mostFrequent(answers.flat()) ?? 1;
}

function mostFrequent(answers: readonly (number | undefined)[]): number | undefined {
  const counts = new Map<number, number>();
  for (const answer of answers) if (answer !== undefined) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return [...counts].reduce<[number | undefined, number]>(
    (best, [answer, count]) => (count > best[1] ? [answer, count] : best),
    [undefined, 0],
  )[0];
}

/** Every number that the pattern's first group finds among the names, each once. */
export function numbersIn(names: Iterable<string>, pattern: RegExp): ReadonlySet<number> {
  const found = new Set<number>();
  for (const name of names) {
    const match = pattern.exec(name);
    if (match !== null) found.add(Number(match[1]));
  }
  return found;
}

/** One more than the highest number found; 0 where there is none. */
export function countOf(numbers: ReadonlySet<number>): number {
  return [...numbers].reduce((count, number) => Math.max(count, number + 1), 0);
}
