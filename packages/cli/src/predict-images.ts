/** Logits and kept positions of every image, in their order; an image without an answer has NaN and -1. */
import {
  answerImages,
  type Backend,
  type Classified,
  classifier,
  loadExplained,
  MemoryAnswers,
  Unanswered,
} from '@vssm/backend';
import type { Progress } from '@vssm/bench';
import { type PruningPlan, UserError, type Weights } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import type { PredictInput } from './inputs.ts';

export interface Predicted {
  /** [count, classes] */
  readonly logits: Float32Array | Float64Array;
  /** [count, kept], by the 1-based block of the step. */
  readonly kept: ReadonlyMap<number, Int32Array>;
  readonly failed: readonly { readonly sample: number; readonly id: string; readonly reason: string }[];
}

interface Line {
  readonly index: number;
  readonly failed: boolean;
  readonly answer: Classified | Unanswered;
}

export interface PredictRequest {
  readonly backend: Backend;
  readonly model: { readonly spec: ModelSpec; readonly weights: Weights };
  readonly plan: PruningPlan;
  readonly input: PredictInput;
  /** Images per run. */
  readonly batch: number;
  readonly threads: number;
  readonly progress: Progress;
  /** Told what the model reads of each image's tokens, which it is then asked for. */
  readonly explained?: (index: number, answer: Classified) => void;
}

/** @throws UserError where no image at all has an answer */
export async function predictImages(request: PredictRequest): Promise<Predicted> {
  const { backend, model, plan, input, batch, threads, progress, explained } = request;
  const { spec, weights } = model;
  const { count } = input;
  const idOf = (index: number) => input.ids?.[index] ?? String(index);
  const answers = new MemoryAnswers<Line>();
  progress.begin(count);
  progress.task('images');
  try {
    await answerImages<Float32Array, Classified, Line>(
      {
        indices: Array.from({ length: count }, (_, index) => index),
        batch,
        lanes: 1,
        load: (index) => input.load(index),
        open: async () => {
          const asked = { spec, weights, plan, threads };
          const loading = explained === undefined ? backend.load(asked) : loadExplained(backend, asked);
          return classifier(await loading, spec, idOf);
        },
        line(index, answer) {
          const failed = answer instanceof Unanswered;
          if (!failed) explained?.(index, answer);
          return { index, failed, answer };
        },
      },
      answers,
      { stopping: () => false, advance: (share) => progress.advance(share * count) },
    );
  } finally {
    progress.end();
  }
  const lines = answers.indices.map((index) => answers.read(index)!);
  const failed = lines.flatMap(({ index, answer }) =>
    answer instanceof Unanswered ? [{ sample: index, id: idOf(index), reason: answer.reason }] : [],
  );
  if (failed.length === count) throw new UserError(`no image could be read; the first: ${failed[0].reason}`);
  const { classes } = spec;
  const logits = new (backend.name === 'reference' ? Float64Array : Float32Array)(count * classes).fill(
    Number.NaN,
  );
  const kept = new Map<number, Int32Array>();
  for (const { index, answer } of lines) {
    if (answer instanceof Unanswered) continue;
    logits.set(answer.logits, index * classes);
    for (const [after, positions] of answer.kept) {
      const all = kept.get(after) ?? new Int32Array(count * positions.length).fill(-1);
      all.set(positions, index * positions.length);
      kept.set(after, all);
    }
  }
  return { logits, kept, failed };
}
