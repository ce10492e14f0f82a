/**
 * All parameters of a model as one vector of float32, in the order of `tensorsOf`: the form in which weights,
 * gradients and the optimiser's moments travel and are stored. Buffers stand in it too: where a gradient would be, a
 * micro-batch leaves its own statistics.
 */
import { float32, sizeOf, type Weights } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import type { UperNetSpec } from '@vssm/vision-tasks';
import { tensorsOf } from '../trained-spec.ts';

export interface ParameterSlot {
  readonly name: string;
  readonly shape: readonly number[];
  /** Index of its first element in the vector. */
  readonly first: number;
  readonly size: number;
  /** A buffer that follows the micro-batches' statistics; no parameter. */
  readonly statistic: boolean;
}

export interface ParameterLayout {
  readonly slots: readonly ParameterSlot[];
  readonly byName: ReadonlyMap<string, ParameterSlot>;
  /** Elements in all. */
  readonly size: number;
}

/** Where everything stands in the vector of a model. */
export function parameterLayout(spec: ModelSpec | UperNetSpec): ParameterLayout {
  const slots: ParameterSlot[] = [];
  let first = 0;
  const { all, parameters } = tensorsOf(spec);
  for (const [name, shape] of all) {
    const size = sizeOf(shape);
    slots.push({ name, shape, first, size, statistic: !parameters.has(name) });
    first += size;
  }
  return { slots, byName: new Map(slots.map((slot) => [slot.name, slot])), size: first };
}

export function flatten({ slots, size }: ParameterLayout, weights: Weights): Float32Array<SharedArrayBuffer> {
  const flat = new Float32Array(new SharedArrayBuffer(4 * size));
  for (const { name, first } of slots) flat.set(weights.get(name)!.data, first);
  return flat;
}

/** Copies out of the vector. */
export function unflatten({ slots }: ParameterLayout, flat: Float32Array): Weights {
  return new Map(
    slots.map(({ name, shape, first, size }) => [
      name,
      float32(shape, Float32Array.from(flat.subarray(first, first + size))),
    ]),
  );
}
