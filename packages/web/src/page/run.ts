/** One run: models are loaded, pictures answered batch by batch, and times taken dense and pruned interleaved. */
import {
  type Answerer,
  answerImages,
  type Classified,
  classifier,
  contributionMap,
  type LoadedImage,
  MemoryAnswers,
  Unanswered,
} from '@vssm/backend';
import type { PageBackend } from '@vssm/backend-webgpu/page';
import { type PruningPlan, UserError, uniformNumbers } from '@vssm/core';
import { densePlan, type ModelSpec } from '@vssm/families';
import type { Timing } from '../exchange.ts';
import type { WeightSource } from './calls.ts';
import type { Engine } from './engine.ts';

export interface RunRequest {
  readonly source: WeightSource;
  readonly spec: ModelSpec;
  readonly plan: PruningPlan;
  readonly backend: PageBackend;
  readonly threads: number;
  /** Whether to find out what the models read of each patch. WebAssembly does, with as many threads. */
  readonly explained: { readonly threads: number } | null;
  readonly batch: number;
  /** Timed rounds of each batch size; 0: no timing. */
  readonly rounds: number;
  /** One per picture, [C, H, W], with its index in its data set, or in the list. */
  readonly pictures: readonly Pixels[];
}

interface Pixels {
  readonly pixels: Float32Array;
  readonly sample: number;
}

/** What the dense model says of a picture, and the pruned one where there is one. */
interface Answers {
  readonly dense: Classified;
  readonly pruned: Classified | null;
  readonly read: ReadMaps | null;
}

/** What each model has read of every cell, [H·W]; see contributionMap. */
export interface ReadMaps {
  readonly dense: Float64Array;
  readonly pruned: Float64Array | null;
}

export interface RunWatcher {
  /** @param share 0 … 1 */
  progress(share: number, what: string): void;
  /** A picture's answers, as soon as they are there; `pruned` is null in a dense run, `read` where nobody asked. */
  answered(picture: number, dense: Classified, pruned: Classified | null, read: ReadMaps | null): void;
  failed(picture: number, reason: string): void;
  timed(timings: readonly Timing[]): void;
  stopping(): boolean;
}

/** Runs before the first timed one. */
const warmup = 2;

/** @returns false when it was stopped before the end */
export async function run(engine: Engine, request: RunRequest, watcher: RunWatcher): Promise<boolean> {
  const { spec, plan, backend, explained, batch, rounds, pictures } = request;
  const plans = plan.schedule.length === 0 ? [densePlan] : [densePlan, plan];
  const sizes = rounds === 0 ? [] : [...new Set([1, batch])];
  const batches = Math.ceil(pictures.length / batch);
  const all = 1 + plans.length * (explained === null ? 1 : 2) + batches + sizes.length * (warmup + rounds);
  let done = 0;
  const begin = (what: string) => watcher.progress(done++ / all, what);
  const loaded: number[] = [];
  const readers: number[] = [];
  try {
    begin('getting the weights');
    await engine.open(request.source);
    for (const own of plans) {
      if (watcher.stopping()) return false;
      begin(own.schedule.length === 0 ? 'loading the dense model' : 'loading the pruned model');
      loaded.push(await engine.load(backend, own, request.threads));
    }
    for (const own of explained === null || pictures.length === 0 ? [] : plans) {
      if (watcher.stopping()) return false;
      begin('loading what tells where the model looks');
      readers.push(await engine.load('wasm', own, explained!.threads, true));
    }
    // Where they are of the same kind, those that are timed need not answer too.
    const answering = backend === 'wasm' && readers.length > 0 ? readers : loaded;
    const { stopped } = await answerImages<Pixels, Answers, { index: number; failed: boolean }>(
      {
        ...{ indices: [...pictures.keys()], batch, lanes: 1, load: async (index) => pictures[index] },
        open: async () =>
          sideBySide(engine, answering, readers, spec, (images) => {
            const [first, last] = [images[0].index + 1, images.at(-1)!.index + 1];
            begin(`pictures ${first} to ${last} of ${pictures.length}`);
          }),
        line(index, answer) {
          if (answer instanceof Unanswered) watcher.failed(index, answer.reason);
          else watcher.answered(index, answer.dense, answer.pruned, answer.read);
          return { index, failed: answer instanceof Unanswered };
        },
      },
      new MemoryAnswers(),
      { stopping: watcher.stopping },
    );
    if (stopped) return false;
    const timings: Timing[] = [];
    for (const size of sizes) {
      const timing = await time(engine, loaded, noise(spec, size), rounds, watcher, (round) =>
        begin(
          round < 0 ? `warming up, batch ${size}` : `timing, batch ${size}, round ${round + 1} of ${rounds}`,
        ),
      );
      if (timing === null) return false;
      timings.push(timing);
      watcher.timed(timings);
    }
    watcher.progress(1, 'done');
    return true;
  } finally {
    for (const model of [...loaded, ...readers]) await engine.dispose(model).catch(() => undefined);
  }
}

/** Loaded models as one that answers pictures; whoever loaded them disposes of them. */
function sideBySide(
  engine: Engine,
  answering: readonly number[],
  readers: readonly number[],
  spec: ModelSpec,
  begin: (images: readonly LoadedImage<Pixels>[]) => void,
): Answerer<Pixels, Answers> {
  const dispose = async () => {};
  const answerers = (models: readonly number[]) =>
    models.map((model) => classifier({ run: (batch) => engine.run(model, batch), dispose }, spec, String));
  const [models, reading] = [answerers(answering), answerers(readers)];
  return {
    async answer(images) {
      begin(images);
      const batch = images.map(({ image }) => ({ index: image.sample, image: image.pixels }));
      const all = async (of: typeof models) => {
        const said: (readonly (Classified | Unanswered)[])[] = [];
        for (const [lane, model] of of.entries()) said.push(await model.answer(batch, lane));
        return said;
      };
      const said = await all(models);
      const read = readers === answering ? said : await all(reading);
      return images.map((_, at) => {
        const [dense, pruned = null] = said.map((answers) => answers[at]);
        if (dense instanceof Unanswered) return dense;
        if (pruned instanceof Unanswered) return pruned;
        const [denseRead, prunedRead = null] = read.map((answers) => mapOf(spec, answers[at]));
        return { dense, pruned, read: denseRead == null ? null : { dense: denseRead, pruned: prunedRead } };
      });
    },
    dispose,
  };
}

/** Null of a picture that the reading model has no answer for: it has one all the same. */
function mapOf(spec: ModelSpec, answer: Classified | Unanswered): Float64Array | null {
  return answer instanceof Unanswered ? null : contributionMap(spec, answer.contributions!);
}

interface Input {
  readonly pixels: Float32Array;
  readonly size: number;
  readonly samples: readonly number[];
}

/** Values as normalised pictures have them; they do not change the work. */
function noise(spec: ModelSpec, size: number): Input {
  const pixels = new Float32Array(size * spec.inChannels * spec.imageHeight * spec.imageWidth);
  const uniform = uniformNumbers(1);
  for (let at = 0; at < pixels.length; at++) pixels[at] = (uniform() - 0.5) * 4;
  return { pixels, size, samples: Array.from({ length: size }, (_, sample) => sample) };
}

/** In every round each model runs once, in turning order, so that a machine that slows down favours none. */
async function time(
  engine: Engine,
  models: readonly number[],
  input: Input,
  rounds: number,
  watcher: RunWatcher,
  begin: (round: number) => void,
): Promise<Timing | null> {
  const started = performance.now();
  const times = models.map((): number[] => []);
  for (let round = -warmup; round < rounds; round++) {
    if (watcher.stopping()) return null;
    begin(round);
    const order = [...models.keys()];
    if (round % 2 !== 0) order.reverse();
    for (const at of order) {
      const { ms, failed } = await engine.run(models[at], input);
      if (failed !== undefined) throw new UserError(`a timed run got no answer: ${[...failed.values()][0]}`);
      if (round >= 0) times[at].push(ms);
    }
  }
  const [denseMs, prunedMs = null] = times;
  return { batch: input.size, warmup, denseMs, prunedMs, durationMs: performance.now() - started };
}
