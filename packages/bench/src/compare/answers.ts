/** Answers of one loaded model, in batches, as far as its time allows. */
import type { LoadedModel, Prediction } from '@vssm/backend';
import type { ModelSpec } from '@vssm/families';
import type { ComparedImages } from './images.ts';
import { firstAnswer, type Parity, ParityCount } from './parity.ts';
import type { ReferenceAnswer } from './reference-answers.ts';

export interface AnswerSettings {
  readonly images: ComparedImages;
  /** Images of one run. */
  readonly batch: number;
  /** A batch that begins after this is not run; the first one always is. Infinity: all are. */
  readonly budgetMs: number;
  readonly stopping: () => boolean;
}

/** Against the reference, on the first images, which it has answered. */
export async function parityOf(
  model: LoadedModel,
  answers: readonly ReferenceAnswer[],
  settings: AnswerSettings,
): Promise<Parity> {
  const count = new ParityCount();
  await runBatches(model, answers.length, settings, (prediction, first, size) =>
    count.add(prediction, answers.slice(first, first + size)),
  );
  return count.result();
}

/** Of each image the class that comes first; null for one without an answer. */
export async function firstAnswers(
  model: LoadedModel,
  { classes }: ModelSpec,
  settings: AnswerSettings,
): Promise<(number | null)[]> {
  const answers: (number | null)[] = [];
  await runBatches(model, settings.images.ids.length, settings, ({ logits, failed }, _, size) => {
    for (let item = 0; item < size; item++) {
      const own = logits.subarray(item * classes, (item + 1) * classes);
      answers.push(failed?.has(item) ? null : firstAnswer(own));
    }
  });
  return answers;
}

async function runBatches(
  model: LoadedModel,
  total: number,
  { images, batch, budgetMs, stopping }: AnswerSettings,
  take: (prediction: Prediction, first: number, size: number) => void,
): Promise<void> {
  // The first run of a model compiles and warms up; it does not count against the time.
  let begin = Number.NaN;
  for (let first = 0; first < total && !stopping(); first += batch) {
    if (performance.now() - begin > budgetMs) return;
    const size = Math.min(batch, total - first);
    const places = Array.from({ length: size }, (_, item) => first + item);
    const loaded = await Promise.all(places.map((place) => images.load(place)));
    const pixels = new Float32Array(size * loaded[0].length);
    for (const [item, image] of loaded.entries()) pixels.set(image, item * image.length);
    const prediction = await model.run({ pixels, size, samples: places.map((at) => images.samples[at]) });
    take(prediction, first, size);
    if (first === 0) begin = performance.now();
  }
}
