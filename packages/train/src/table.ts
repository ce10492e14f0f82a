/** The families that the training engine has gradients for; the one place of this package that names them. */
import type { PruningPlan, Weights } from '@vssm/core';
import { randomWeights, type TrainableSpec } from '@vssm/families';
import type { TrainingFamily } from './family.ts';
import { mambaRegTraining } from './mambareg/index.ts';
import { plainMambaTraining } from './plainmamba/index.ts';
import type { Parameters64, ReferenceGradient, ReferenceImages } from './reference/gradients.ts';
import { videoMambaTraining } from './videomamba/index.ts';
import { vimTraining } from './vim/index.ts';

const trainings = {
  vim: vimTraining,
  plainmamba: plainMambaTraining,
  videomamba: videoMambaTraining,
  mambareg: mambaRegTraining,
} satisfies {
  [F in TrainableSpec['family']]: TrainingFamily<Extract<TrainableSpec, { readonly family: F }>>;
};

export function trainingOf<Spec extends TrainableSpec>(spec: Pick<Spec, 'family'>): TrainingFamily<Spec> {
  return trainings[spec.family] as unknown as TrainingFamily<Spec>;
}

/** An image as the engine reads it; see TrainingFamily.inputOf. */
export function trainingInput(spec: TrainableSpec, image: ArrayLike<number>): Float32Array {
  return trainingOf(spec).inputOf(spec, image);
}

/** What a training from nothing begins with. */
export function freshWeights(spec: TrainableSpec, seed: number): Weights {
  return trainingOf(spec).fresh(randomWeights(spec, seed));
}

/** Loss and gradient in float64; see TrainingFamily.reference. */
export function referenceGradient(
  spec: TrainableSpec,
  parameters: Parameters64,
  plan: PruningPlan,
  images: ReferenceImages,
): ReferenceGradient {
  return trainingOf(spec).reference(spec, parameters, plan, images);
}
