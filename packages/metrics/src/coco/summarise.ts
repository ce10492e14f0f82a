/** The twelve figures that COCO reports, and AP per category. */
import { accumulate, bySureness, type Curve } from './accumulate.ts';
import { areaRanges, detectionLimits } from './protocol.ts';
import type { CategoryRecord } from './record.ts';

/** Every figure in 0 … 1, or -1 where no object defines it. */
export interface CocoSummary {
  /** Mean over overlaps .5 … .95, all areas, 100 detections. */
  readonly AP: number;
  readonly AP50: number;
  readonly AP75: number;
  /** Objects below 32², up to 96² and from 96² pixels. */
  readonly APs: number;
  readonly APm: number;
  readonly APl: number;
  /** Mean recall with 1, 10 and 100 detections per category and image. */
  readonly AR1: number;
  readonly AR10: number;
  readonly AR100: number;
  readonly ARs: number;
  readonly ARm: number;
  readonly ARl: number;
  /** By category id. */
  readonly per_category_AP: Readonly<Record<string, number>>;
}

/** Indices into `overlapThresholds`. */
const at50 = 0;
const at75 = 5;

/** @param records by category id, ascending */
export function summarise(records: ReadonlyMap<number, CategoryRecord>): CocoSummary {
  const curves = [...records].map(([category, record]) => ({ category, at: curvesOf(record) }));
  const all = detectionLimits.length - 1;
  const averagePrecision = (range: number, threshold?: number) =>
    mean(curves.flatMap(({ at }) => precisions(at[range][all], threshold)));
  const averageRecall = (range: number, limit: number) =>
    mean(curves.flatMap(({ at }) => Array.from(at[range][limit]?.recall ?? [])));
  return {
    AP: averagePrecision(0),
    AP50: averagePrecision(0, at50),
    AP75: averagePrecision(0, at75),
    APs: averagePrecision(1),
    APm: averagePrecision(2),
    APl: averagePrecision(3),
    AR1: averageRecall(0, 0),
    AR10: averageRecall(0, 1),
    AR100: averageRecall(0, 2),
    ARs: averageRecall(1, all),
    ARm: averageRecall(2, all),
    ARl: averageRecall(3, all),
    per_category_AP: Object.fromEntries(
      curves.map(({ category, at }) => [String(category), mean(precisions(at[0][all]))]),
    ),
  };
}

/** [area ranges][limits] */
function curvesOf(record: CategoryRecord): readonly (readonly (Curve | undefined)[])[] {
  const order = bySureness(record);
  return areaRanges.map((_, range) =>
    detectionLimits.map((limit) => accumulate(record, order, range, limit)),
  );
}

function precisions(curve: Curve | undefined, threshold?: number): number[] {
  if (curve === undefined) return [];
  const rows = threshold === undefined ? curve.precision : [curve.precision[threshold]];
  return rows.flatMap((row) => Array.from(row));
}

function mean(values: readonly number[]): number {
  if (values.length === 0) return -1;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
