/** Answers of one loaded model, in batches, as far as its time allows. */
import {
  answerImages,
  type Classified,
  classifier,
  type LoadedModel,
  MemoryAnswers,
  Unanswered,
} from '@vssm/backend';
import type { ModelSpec } from '@vssm/families';
import type { ComparedImages } from './images.ts';
import { firstAnswer, type Parity, ParityCount } from './parity.ts';
import type { ReferenceAnswer } from './reference-answers.ts';

export interface AnswerSettings {
  readonly spec: ModelSpec;
  readonly images: ComparedImages;
  /** Images of one run. */
  readonly batch: number;
  /** A batch that begins after this is not run; the first one always is. Infinity: all are. */
  readonly budgetMs: number;
  readonly stopping: () => boolean;
}

/** Against the reference, on the first images, which it has answered. @param half see ParityCount */
export async function parityOf(
  model: LoadedModel,
  expected: readonly ReferenceAnswer[],
  settings: AnswerSettings,
  half?: boolean,
): Promise<Parity> {
  const count = new ParityCount(half);
  const answers = await answersOf(model, expected.length, settings, (answer) => answer);
  for (const [place, answer] of answers.entries()) count.add(answer, expected[place]);
  return count.result();
}

/** Of each image the class that comes first; null for one without an answer. */
export function firstAnswers(model: LoadedModel, settings: AnswerSettings): Promise<(number | null)[]> {
  return answersOf(model, settings.images.ids.length, settings, (answer) =>
    answer instanceof Unanswered ? null : firstAnswer(answer.logits),
  );
}

/** What is kept of the answers of the first `total` images, as many as there was time for. */
async function answersOf<Kept>(
  model: LoadedModel,
  total: number,
  { spec, images, batch, budgetMs, stopping }: AnswerSettings,
  keep: (answer: Classified | Unanswered) => Kept,
): Promise<Kept[]> {
  const { samples, ids, load } = images;
  const indices = samples.slice(0, total);
  const nameOf = new Map(indices.map((index, place) => [index, ids[place]]));
  const { answer } = classifier(model, spec, (index) => nameOf.get(index)!);
  const answers = new MemoryAnswers<{
    readonly index: number;
    readonly failed: boolean;
    readonly kept: Kept;
  }>();
  // The first run of a model compiles and warms up; it does not count against the time.
  let began = Number.NaN;
  await answerImages(
    {
      ...{ indices, batch, load, lanes: 1 },
      // The model is another one's to dispose of.
      open: async () => ({ answer, dispose: async () => {} }),
      line: (index, found) => ({ index, failed: found instanceof Unanswered, kept: keep(found) }),
    },
    answers,
    {
      stopping: () => stopping() || performance.now() - began > budgetMs,
      advance: () => {
        if (Number.isNaN(began)) began = performance.now();
      },
    },
  );
  return indices.flatMap((index) => {
    const line = answers.read(index);
    return line === undefined ? [] : [line.kept];
  });
}
