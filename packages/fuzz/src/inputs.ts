/** The inputs of a target: its corpus first, then mutants. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mutate } from './mutate.ts';
import type { FuzzTarget } from './target.ts';

const corpusFolder = join(import.meta.dirname, '../corpus');

export interface NamedInput {
  /** A file of the corpus, or `mutant 17 of SEED`. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** Inputs that once were a finding. */
export function corpusOf(target: string, folder: string = corpusFolder): NamedInput[] {
  const place = join(folder, target);
  if (!existsSync(place)) return [];
  return readdirSync(place)
    .sort()
    .map((name) => ({ name: `corpus/${target}/${name}`, bytes: readFileSync(join(place, name)) }));
}

/** Seeds take turns; where a target can fix checksums, every second mutant of a seed is fixed. */
export function mutantOf({ seeds, words, fix }: FuzzTarget, number: number): NamedInput {
  const names = Object.keys(seeds);
  const seed = names[number % names.length];
  const damaged = mutate(seeds[seed], number, words);
  const fixed = fix !== undefined && Math.floor(number / names.length) % 2 === 1;
  return {
    name: `mutant ${number} of ${seed}${fixed ? ', fixed' : ''}`,
    bytes: fixed ? fix(damaged) : damaged,
  };
}
