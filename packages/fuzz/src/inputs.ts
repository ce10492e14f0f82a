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

/** Seeds take turns; where a target can mend checksums, every second mutant of a seed is mended. */
export function mutantOf({ seeds, words, mend }: FuzzTarget, number: number): NamedInput {
  const names = Object.keys(seeds);
  const seed = names[number % names.length];
  const damaged = mutate(seeds[seed], number, words);
  const mended = mend !== undefined && Math.floor(number / names.length) % 2 === 1;
  return {
    name: `mutant ${number} of ${seed}${mended ? ', mended' : ''}`,
    bytes: mended ? mend(damaged) : damaged,
  };
}
