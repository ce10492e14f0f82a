/** A classifier for other classes on a trained model: everything but the head stays. */
import type { Weights } from '@vssm/core';
import { type ModelSpec, modelTensors, randomWeights } from '@vssm/families';

export interface NewHead<Spec extends ModelSpec> {
  readonly spec: Spec;
  readonly weights: Weights;
  /** Names of the tensors that are no longer the checkpoint's, with the shapes they had there. */
  readonly replaced: readonly string[];
}

/** @param seed of the fresh numbers */
export function withNewHead<Spec extends ModelSpec>(
  spec: Spec,
  weights: Weights,
  classes: number,
  seed: number,
): NewHead<Spec> {
  const asked: Spec = { ...spec, classes };
  const fresh = randomWeights(asked, seed);
  // Whatever has one row for each class is the head, in every family.
  const other = new Map(modelTensors({ ...spec, classes: spec.classes + 1 }));
  const head = [...modelTensors(spec)].filter(([name, shape]) => shape[0] !== other.get(name)![0]);
  const replaced = new Map(head.map(([name]) => [name, fresh.get(name)!]));
  return {
    spec: asked,
    weights: new Map([...weights].map(([name, tensor]) => [name, replaced.get(name) ?? tensor])),
    replaced: head.map(([name, shape]) => `${name} [${shape.join(', ')}]`),
  };
}
