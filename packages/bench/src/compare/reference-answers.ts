/** What the float64 reference says of a few images, with the scores behind every choice of tokens. */
import { answerImages, MemoryAnswers, Unanswered } from '@vssm/backend';
import { type PruningPlan, UserError, type Weights } from '@vssm/core';
import { type ModelSpec, referenceForward, sequenceLength } from '@vssm/families';
import type { ComparedImages } from './images.ts';

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

/**
 * Of the first `count` images, in their order, and the time of one, ms.
 *
 * @returns null when it was stopped
 * @throws UserError for an image that cannot be read
 */
export async function referenceAnswers(
  {
    spec,
    weights,
    plan,
  }: { readonly spec: ModelSpec; readonly weights: Weights; readonly plan: PruningPlan },
  { samples, load }: ComparedImages,
  count: number,
  stopping: () => boolean,
): Promise<{ readonly answers: readonly ReferenceAnswer[]; readonly msPerImage: number } | null> {
  const indices = samples.slice(0, count);
  const lines = new MemoryAnswers<{ index: number; failed: boolean; answer: ReferenceAnswer }>();
  const { stopped, ms } = await answerImages<Float32Array, ReferenceAnswer, ReturnType<typeof lineOf>>(
    {
      ...{ indices, load, batch: 1, lanes: 1, line: lineOf },
      open: async () => ({
        async answer(images) {
          // Signals are only heard between two turns of the event loop.
          await new Promise(setImmediate);
          return images.map(({ image, index }) => referenceAnswer(spec, weights, plan, image, index));
        },
        dispose: async () => {},
      }),
    },
    lines,
    { stopping },
  );
  if (stopped) return null;
  return { answers: indices.map((index) => lines.read(index)!.answer), msPerImage: ms / count };
}

function lineOf(index: number, answer: ReferenceAnswer | Unanswered) {
  // Nothing can be held against an answer that is not there.
  if (answer instanceof Unanswered) throw new UserError(answer.reason);
  return { index, failed: false, answer };
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
