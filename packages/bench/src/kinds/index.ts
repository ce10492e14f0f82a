/** The kinds of work. One more is a file beside this one, and a line here. */
import { accuracy } from './accuracy.ts';
import { detection } from './detection.ts';
import type { TaskBase, WorkKind } from './kind.ts';
import { lengths } from './lengths.ts';
import { profile } from './profile.ts';
import { rivals } from './rivals.ts';
import type { RowBase } from './row.ts';
import { segmentation } from './segmentation.ts';
import { speed } from './speed.ts';
import { strip } from './strip.ts';

const kinds = {
  accuracy,
  speed,
  strip,
  rivals,
  lengths,
  profile,
  detection,
  segmentation,
} as const satisfies {
  readonly [Kind in string]: { readonly kind: Kind };
};

type Kinds = (typeof kinds)[keyof typeof kinds];

/** A declared row of any kind. */
export type ExperimentRow = Kinds extends infer Kind
  ? Kind extends WorkKind<infer Row, infer _>
    ? Row
    : never
  : never;

/** A planned task of any kind. */
export type WorkTask = Kinds extends infer Kind
  ? Kind extends WorkKind<infer _, infer Task>
    ? Task
    : never
  : never;

/** What a row or a task is asked by whoever does not know its kind. */
type AnyKind = WorkKind<RowBase, TaskBase>;

export function kindOf({ kind }: ExperimentRow | WorkTask): AnyKind {
  return kinds[kind] as unknown as AnyKind;
}
