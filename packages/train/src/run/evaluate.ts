/** Accuracy of weights on a data set, through the inference engine: what `vssm eval` would say of the same model. */
import { answerImages, type Classified, classifier, MemoryAnswers, Unanswered } from '@vssm/backend';
import { cpuBackend } from '@vssm/backend-cpu';
import { type PruningPlan, UserError, type Weights } from '@vssm/core';
import type { ImageDataset } from '@vssm/datasets';
import type { TrainableSpec } from '@vssm/families';
import { topK } from '@vssm/metrics';
import type { ClassificationEvaluation } from './log.ts';

export interface EvaluationRequest {
  readonly spec: TrainableSpec;
  readonly plan: PruningPlan;
  readonly dataset: ImageDataset;
  readonly threads: number;
  /** Only the first so many images; 0: all. */
  readonly limit?: number;
  /** Asked before every batch; true ends it. */
  readonly stopped?: (() => boolean) | undefined;
}

const batchSize = 256;

/**
 * Undefined when it was stopped.
 *
 * @throws UserError where no image can be read, or logits are not finite
 */
export async function evaluate(
  request: EvaluationRequest,
  weights: Weights,
): Promise<ClassificationEvaluation | undefined> {
  return (await evaluateEach(request, weights))?.evaluation;
}

/** The same, and which images are right, in their order; one without an answer is not. */
export async function evaluateEach(
  request: EvaluationRequest,
  weights: Weights,
): Promise<
  { readonly evaluation: ClassificationEvaluation; readonly right: readonly boolean[] } | undefined
> {
  const { spec, plan, dataset, threads, limit = 0, stopped = () => false } = request;
  const { samples } = dataset;
  const asked = limit === 0 ? samples.length : Math.min(limit, samples.length);
  const answers = new MemoryAnswers<Line>();
  const nameOf = (index: number) => `${samples[index].id} of ${dataset.name}`;
  const done = await answerImages<Float32Array, Classified, Line>(
    {
      indices: Array.from({ length: asked }, (_, index) => index),
      batch: batchSize,
      lanes: 1,
      load: (index) => dataset.load(index),
      open: async () => classifier(await cpuBackend().load({ spec, plan, weights, threads }), spec, nameOf),
      line(index, answer) {
        if (answer instanceof Unanswered)
          return { index, failed: true, correct: false, error: answer.reason };
        const [best] = topK(answer.logits, spec.classes, 1);
        return { index, failed: false, correct: best === samples[index].label };
      },
    },
    answers,
    { stopping: stopped },
  );
  if (done.stopped) return undefined;
  const lines = answers.indices.map((index) => answers.read(index)!);
  const failed = lines.flatMap(({ index, error }) =>
    error === undefined ? [] : [{ id: samples[index].id, error }],
  );
  const count = asked - failed.length;
  if (count === 0) throw new UserError(`evaluation: no image could be read; the first: ${failed[0]?.error}`);
  const right = lines.map((line) => line.correct);
  const correct = right.filter((one) => one).length;
  const evaluation = { correct, count, top1: (100 * correct) / count, ...(failed.length > 0 && { failed }) };
  return { evaluation, right };
}

interface Line {
  readonly index: number;
  readonly failed: boolean;
  readonly correct: boolean;
  readonly error?: string;
}
