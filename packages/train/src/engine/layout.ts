/**
 * All parameters of a model as one vector of float32, in the order of `modelParameters`: the form in which weights,
 * gradients and the optimiser's moments travel and are stored.
 */
import { float32, sizeOf, type Weights } from '@vssm/core';
import { type ModelSpec, modelParameters } from '@vssm/families';

export interface ParameterSlot {
  readonly name: string;
  readonly shape: readonly number[];
  /** Index of its first element in the vector. */
  readonly first: number;
  readonly size: number;
}

export interface ParameterLayout {
  readonly slots: readonly ParameterSlot[];
  readonly byName: ReadonlyMap<string, ParameterSlot>;
  /** Elements in all. */
  readonly size: number;
}

export function parameterLayout(spec: ModelSpec): ParameterLayout {
  const slots: ParameterSlot[] = [];
  let first = 0;
  for (const [name, shape] of modelParameters(spec)) {
    const size = sizeOf(shape);
    slots.push({ name, shape, first, size });
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
