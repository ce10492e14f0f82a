/** A value, or part of one, as it lies in memory: where its entries are in the value that was computed. */
import type { Axes } from '@vssm/kernels';
import type { Shape, Value } from './trace.ts';

export interface View {
  /** What was computed, or came in. */
  readonly root: Value;
  /** Floats from the root's first. */
  readonly offset: number;
  readonly shape: Shape;
  /** Floats from one entry to the next, by axis; 0 repeats. */
  readonly strides: readonly number[];
}

export function wholeView(root: Value): View {
  return { root, offset: 0, shape: root.shape, strides: adjacentStrides(root.shape) };
}

export function adjacentStrides(shape: Shape): number[] {
  const strides: number[] = [];
  let next = 1;
  for (const length of shape.toReversed()) {
    strides.unshift(next);
    next *= length;
  }
  return strides;
}

/** Whether its numbers lie one after another in their order. */
export function isAdjacent({ shape, strides }: View): boolean {
  const own = adjacentStrides(shape);
  return shape.every((length, axis) => length === 1 || strides[axis] === own[axis]);
}

/** As another shape that it is broadcast to; shapes are aligned at their last axes. */
export function broadcastView(view: View, shape: Shape): View {
  const missing = shape.length - view.shape.length;
  const strides = shape.map((length, axis) => {
    const own = view.shape[axis - missing];
    return axis < missing || (own === 1 && length !== 1) ? 0 : view.strides[axis - missing];
  });
  return { ...view, shape, strides };
}

/** A shape that several views are walked along at once. */
export interface Walk {
  /** The last axes, neighbours joined that all views walk as one. */
  readonly axes: Axes;
  /** By view. */
  readonly strides: readonly Axes[];
  /** What is left of the first axes, entry by entry: floats from each view's first, by view. */
  readonly blocks: readonly (readonly number[])[];
}

/** @param all strides of each view along the shape */
export function walkOf(shape: Shape, all: readonly (readonly number[])[]): Walk {
  const axes: number[] = [];
  const strides: number[][] = all.map(() => []);
  for (const [axis, length] of shape.entries()) {
    // The last one stays: kernels take its numbers for adjacent.
    if (length === 1 && axis < shape.length - 1) continue;
    const last = axes.length - 1;
    const joined = last >= 0 && all.every((own, i) => strides[i][last] === own[axis] * length);
    if (joined) {
      axes[last] *= length;
      for (const [i, own] of all.entries()) strides[i][last] = own[axis];
    } else {
      axes.push(length);
      for (const [i, own] of all.entries()) strides[i].push(own[axis]);
    }
  }
  const extra = Math.max(0, axes.length - 3);
  let blocks: number[][] = [all.map(() => 0)];
  for (const [axis, length] of axes.slice(0, extra).entries()) {
    const steps = Array.from({ length }, (_, step) => step);
    blocks = blocks.flatMap((block) =>
      steps.map((step) => block.map((first, i) => first + step * strides[i][axis])),
    );
  }
  const filled = (own: readonly number[], filler: number): Axes => {
    const kept = own.slice(extra);
    return [...Array<number>(3 - kept.length).fill(filler), ...kept] as unknown as Axes;
  };
  return { axes: filled(axes, 1), strides: strides.map((own) => filled(own, 0)), blocks };
}
