/** What evaluation keeps of one category: per detection a score, its place, and whether it was right. */
import { areaRanges } from './protocol.ts';

export interface CategoryRecord {
  /** Objects that ought to be found, per area range. */
  readonly wanted: number[];
  readonly scores: number[];
  readonly images: number[];
  /** Place among the detections of its image and category, surest first, from 0. */
  readonly ranks: number[];
  /** [area ranges][detections], one bit per overlap threshold; see `Matches`. */
  readonly matched: readonly number[][];
  readonly ignored: readonly number[][];
}

export function emptyRecord(): CategoryRecord {
  const perRange = () => areaRanges.map((): number[] => []);
  return {
    wanted: areaRanges.map(() => 0),
    scores: [],
    images: [],
    ranks: [],
    matched: perRange(),
    ignored: perRange(),
  };
}
