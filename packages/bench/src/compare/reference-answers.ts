/** What the float64 reference says of a few images, with the scores behind every choice of tokens. */
import type { PruningPlan, Weights } from '@vssm/core';
import { type ModelSpec, referenceForward, sequenceLength } from '@vssm/families';

export interface ScoredStep {
  /** 1-based block of the step. */
  readonly after: number;
  /** Score of each position (index into the unpruned sequence) that could be chosen. */
  readonly scores: ReadonlyMap<number, number>;
  readonly kept: ReadonlySet<number>;
}

export interface ReferenceAnswer {
  /** [classes], float64 */
  readonly logits: Float64Array;
  readonly steps: readonly ScoredStep[];
}

/** @param sample stable index of the image in its data set */
export function referenceAnswer(
  spec: ModelSpec,
  weights: Weights,
  plan: PruningPlan,
  image: Float32Array,
  sample: number,
): ReferenceAnswer {
  const scores = new Map<string, Float64Array>();
  const { logits, kept } = referenceForward(spec, weights, plan, image, sample, (name, value) => {
    if (/^step\d+\.score$/.test(name)) scores.set(name, value);
  });
  const everyPosition: Int32Array = Int32Array.from(
    { length: sequenceLength(spec) },
    (_, position) => position,
  );
  let before = everyPosition;
  const steps = plan.schedule.map(({ after }) => {
    const own = scores.get(`step${after}.score`)!;
    // Under `mask` pruned tokens stay in the sequence, so every step has a score for each; they cannot be chosen.
    const positions = own.length === everyPosition.length ? everyPosition : before;
    const live = new Set(before);
    const scored = [...positions].flatMap((position, token) =>
      live.has(position) ? [[position, own[token]] as const] : [],
    );
    before = kept.get(after)!;
    return { after, scores: new Map(scored), kept: new Set(before) };
  });
  return { logits, steps };
}
