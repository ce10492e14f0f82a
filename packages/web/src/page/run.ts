/** One run: models are loaded, pictures answered batch by batch, and times taken dense and pruned interleaved. */
import type { PageBackend } from '@vssm/backend-webgpu/page';
import { type PruningPlan, UserError, uniformNumbers } from '@vssm/core';
import { densePlan, type ModelSpec } from '@vssm/families';
import type { Timing } from '../exchange.ts';
import type { TimedPrediction, WeightSource } from './calls.ts';
import type { Engine } from './engine.ts';

export interface RunRequest {
  readonly source: WeightSource;
  readonly spec: ModelSpec;
  readonly plan: PruningPlan;
  readonly backend: PageBackend;
  readonly threads: number;
  readonly batch: number;
  /** Timed rounds of each batch size; 0: no timing. */
  readonly rounds: number;
  /** One per picture, [C, H, W], with its index in its data set, or in the list. */
  readonly pictures: readonly { readonly pixels: Float32Array; readonly sample: number }[];
}

/** What one model says of one picture. */
export interface Answer {
  readonly logits: Float32Array;
  /** Positions kept after each step, by its 1-based block. */
  readonly kept: ReadonlyMap<number, Int32Array>;
}

export interface RunWatcher {
  /** @param share 0 … 1 */
  progress(share: number, what: string): void;
  /** A picture's answers, as soon as they are there; `pruned` is null in a dense run. */
  answered(picture: number, dense: Answer, pruned: Answer | null): void;
  failed(picture: number, reason: string): void;
  timed(timings: readonly Timing[]): void;
  stopping(): boolean;
}

/** Runs before the first timed one. */
const warmup = 2;

/** @returns false when it was stopped before the end */
export async function run(engine: Engine, request: RunRequest, watcher: RunWatcher): Promise<boolean> {
  const { spec, plan, batch, rounds, pictures } = request;
  const plans = plan.schedule.length === 0 ? [densePlan] : [densePlan, plan];
  const sizes = rounds === 0 ? [] : [...new Set([1, batch])];
  const batches = Math.ceil(pictures.length / batch);
  const all = 1 + plans.length + batches + sizes.length * (warmup + rounds);
  let done = 0;
  const begin = (what: string) => watcher.progress(done++ / all, what);
  const loaded: number[] = [];
  try {
    begin('getting the weights');
    await engine.open(request.source);
    for (const own of plans) {
      if (watcher.stopping()) return false;
      begin(own.schedule.length === 0 ? 'loading the dense model' : 'loading the pruned model');
      loaded.push(await engine.load(request.backend, own, request.threads));
    }
    for (let first = 0; first < pictures.length; first += batch) {
      if (watcher.stopping()) return false;
      const size = Math.min(batch, pictures.length - first);
      begin(`pictures ${first + 1} to ${first + size} of ${pictures.length}`);
      const input = together(pictures.slice(first, first + size));
      const predictions: TimedPrediction[] = [];
      for (const model of loaded) predictions.push(await engine.run(model, input));
      tell(watcher, spec, predictions, first, size);
    }
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
    for (const model of loaded) await engine.dispose(model).catch(() => undefined);
  }
}

interface Input {
  readonly pixels: Float32Array;
  readonly size: number;
  readonly samples: readonly number[];
}

function together(pictures: RunRequest['pictures']): Input {
  const [{ pixels: one }] = pictures;
  const pixels = new Float32Array(one.length * pictures.length);
  for (const [place, picture] of pictures.entries()) pixels.set(picture.pixels, place * one.length);
  return { pixels, size: pictures.length, samples: pictures.map(({ sample }) => sample) };
}

/** Values as normalised pictures have them; they do not change the work. */
function noise(spec: ModelSpec, size: number): Input {
  const pixels = new Float32Array(size * spec.inChannels * spec.imageHeight * spec.imageWidth);
  const uniform = uniformNumbers(1);
  for (let at = 0; at < pixels.length; at++) pixels[at] = (uniform() - 0.5) * 4;
  return { pixels, size, samples: Array.from({ length: size }, (_, sample) => sample) };
}

function tell(
  watcher: RunWatcher,
  { classes }: ModelSpec,
  predictions: readonly TimedPrediction[],
  first: number,
  size: number,
): void {
  for (let place = 0; place < size; place++) {
    const reason = predictions.map(({ failed }) => failed?.get(place)).find((found) => found !== undefined);
    if (reason !== undefined) {
      watcher.failed(first + place, reason);
      continue;
    }
    const [dense, pruned = null] = predictions.map(({ logits, kept }): Answer => {
      const own = [...kept].map(([after, positions]) => {
        const count = positions.length / size;
        return [after, positions.slice(place * count, (place + 1) * count)] as const;
      });
      return {
        logits: Float32Array.from(logits.slice(place * classes, (place + 1) * classes)),
        kept: new Map(own),
      };
    });
    watcher.answered(first + place, dense, pruned);
  }
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
