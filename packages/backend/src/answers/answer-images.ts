/**
 * The one loop over images: batches are read, answered, and their answers kept, in any number of runs. Whoever answers
 * (a classifier on any backend, detectors in separate threads) and wherever answers are kept (a file, memory), an
 * image that cannot be read is an answer that says why, the others go on, and it is tried again by the next run. Each lane
 * reads its next batch while one is answered.
 */
import { UserError } from '@vssm/core';

/** An image that has no answer, and why. */
export class Unanswered {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

export interface LoadedImage<Image> {
  /** In its data set. */
  readonly index: number;
  readonly image: Image;
}

/** What answers: as many batches at a time as there are lanes. */
export interface Answerer<Image, Answer> {
  /** One answer for each image, in their order. */
  answer(batch: readonly LoadedImage<Image>[], lane: number): Promise<readonly (Answer | Unanswered)[]>;
  /** Gives back what it holds; called once, when no batch is at work. */
  dispose(): Promise<void>;
}

/** Where answers are kept. */
export interface AnswerStore<Line> {
  /** For messages. */
  readonly path: string;
  /** Images with a line. */
  readonly indices: readonly number[];
  /** Whether the image has a line that is no failure. */
  answered(index: number): boolean;
  /** Whole lines; one of an image that has a line already takes its place. */
  append(lines: readonly Line[]): void;
}

export interface ImageWork<Image, Answer, Line> {
  /** In the order of the evaluation. */
  readonly indices: readonly number[];
  /**
   * Images that are answered together. Batches lie at fixed places, also when a run was cut off within one, so that
   * an image always has the same neighbours.
   */
  readonly batch: number;
  /** Batches at a time. */
  readonly lanes: number;
  /** @throws UserError for an image that cannot be read */
  load(index: number): Promise<Image>;
  /** Called when there is something to answer. */
  open(lanes: number): Promise<Answerer<Image, Answer>>;
  /** What is kept of an image. */
  line(index: number, answer: Answer | Unanswered, image: Image | null): Line | Promise<Line>;
}

export interface WorkWatch {
  /** True once the run should stop at the next batch. */
  readonly stopping: () => boolean;
  /** Share of the images that was answered before, and that has been answered since, 0 … 1. */
  readonly found?: (share: number) => void;
  readonly advance?: (share: number) => void;
}

export interface WorkDone {
  /** Whether it was stopped before the end. */
  readonly stopped: boolean;
  /** Images answered by this run, and the time that they took, ms; loading the model is not in it. */
  readonly images: number;
  readonly ms: number;
}

/**
 * Answers every image that has no answer yet.
 *
 * @throws UserError for a store of other images, and what the answerer throws
 */
export async function answerImages<Image, Answer, Line>(
  work: ImageWork<Image, Answer, Line>,
  store: AnswerStore<Line>,
  { stopping, found, advance }: WorkWatch,
): Promise<WorkDone> {
  const { indices, batch } = work;
  const wanted = new Set(indices);
  const other = store.indices.find((index) => !wanted.has(index));
  if (other !== undefined) {
    throw new UserError(
      `${store.path}: holds image ${other}, which is not one of this evaluation; the file was changed, delete it and run again`,
    );
  }
  const open: (readonly number[])[] = [];
  let before = 0;
  for (let first = 0; first < indices.length; first += batch) {
    const own = indices.slice(first, first + batch);
    const answered = own.filter((index) => store.answered(index)).length;
    before += answered;
    if (answered < own.length) open.push(own);
  }
  found?.(before / Math.max(1, indices.length));
  const lanes = Math.min(work.lanes, open.length);
  const session = new Session(work, store, lanes);
  const queue = open.values();
  let broken = false;
  /** The next batch, whose images are being read; undefined at the end. */
  const take = (): Batch<Image> | undefined => {
    const { value: own } = queue.next();
    if (own === undefined) return undefined;
    const missing = own.filter((index) => !store.answered(index));
    const images = readBatch(own, missing, (index) => work.load(index));
    // Whoever awaits it is told; nobody does where the work ends before.
    images.catch(() => undefined);
    return { own, missing, images };
  };
  try {
    // Nothing may be disposed of while a lane works, so all of them end before the first error is thrown.
    const ends = await Promise.allSettled(
      Array.from({ length: lanes }, async (_, lane) => {
        let ahead = stopping() ? undefined : take();
        try {
          while (ahead !== undefined && !stopping() && !broken) {
            const batch = ahead;
            const loaded = await batch.images;
            ahead = stopping() ? undefined : take();
            await session.answer(batch, loaded, lane);
            advance?.(batch.missing.length / indices.length);
          }
        } catch (error) {
          broken = true;
          throw error;
        } finally {
          // Data sets are closed after this: nothing of theirs may still be read.
          await ahead?.images.catch(() => undefined);
        }
      }),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  } finally {
    await session.dispose();
  }
  return { stopped: !indices.every((index) => session.seen(index)), images: session.images, ms: session.ms };
}

type Loaded<Image> = ReadonlyMap<number, Image | Unanswered>;

interface Batch<Image> {
  /** Indices of its images. */
  readonly own: readonly number[];
  /** Those of them that have no answer yet. */
  readonly missing: readonly number[];
  readonly images: Promise<Loaded<Image>>;
}

/** The answerer, opened when it is first needed, and what it has answered. */
class Session<Image, Answer, Line> {
  readonly #work: ImageWork<Image, Answer, Line>;
  readonly #store: AnswerStore<Line>;
  readonly #lanes: number;
  readonly #failed = new Set<number>();
  #answerer: Promise<Answerer<Image, Answer>> | undefined;
  #began = 0;
  images = 0;

  constructor(work: ImageWork<Image, Answer, Line>, store: AnswerStore<Line>, lanes: number) {
    this.#work = work;
    this.#store = store;
    this.#lanes = lanes;
  }

  get ms(): number {
    return this.#began === 0 ? 0 : performance.now() - this.#began;
  }

  /** Whether the image is done with in this run. */
  seen(index: number): boolean {
    return this.#store.answered(index) || this.#failed.has(index);
  }

  async answer(
    { own, missing }: Pick<Batch<Image>, 'own' | 'missing'>,
    loaded: Loaded<Image>,
    lane: number,
  ): Promise<void> {
    const { line } = this.#work;
    const found = new Map<number, Answer | Unanswered>();
    const batch = own.flatMap((index) => {
      const image = loaded.get(index);
      return image === undefined || image instanceof Unanswered ? [] : [{ index, image }];
    });
    if (batch.length > 0) {
      const answerer = await this.#opened();
      const answers = await answerer.answer(batch, lane);
      for (const [at, { index }] of batch.entries()) found.set(index, answers[at]);
    }
    const lines: Line[] = [];
    for (const index of own) {
      const image = loaded.get(index);
      if (image === undefined) continue;
      const answer = image instanceof Unanswered ? image : found.get(index)!;
      if (answer instanceof Unanswered) {
        // An answer that is there already is not given up for a failure.
        if (this.#store.answered(index)) continue;
        this.#failed.add(index);
      } else if (missing.includes(index)) this.images++;
      lines.push(await line(index, answer, image instanceof Unanswered ? null : image));
    }
    this.#store.append(lines);
  }

  async dispose(): Promise<void> {
    const answerer = await this.#answerer?.catch(() => undefined);
    await answerer?.dispose();
  }

  async #opened(): Promise<Answerer<Image, Answer>> {
    this.#answerer ??= this.#work.open(this.#lanes);
    const answerer = await this.#answerer;
    if (this.#began === 0) this.#began = performance.now();
    return answerer;
  }
}

/** The images of a batch that are missing; all of them where one of these can be read. */
async function readBatch<Image>(
  own: readonly number[],
  missing: readonly number[],
  load: (index: number) => Promise<Image>,
): Promise<Loaded<Image>> {
  const loaded = new Map(await readAll(missing, load));
  if (missing.some((index) => !(loaded.get(index) instanceof Unanswered))) {
    // A batch is answered as a whole: an image's last bits may depend on its neighbours.
    const others = own.filter((index) => !loaded.has(index));
    for (const [index, image] of await readAll(others, load)) loaded.set(index, image);
  }
  return loaded;
}

/** Each image by its index; what cannot be read is the file's fault, and the other images go on. */
export function readAll<Image>(
  indices: readonly number[],
  load: (index: number) => Promise<Image>,
): Promise<(readonly [index: number, image: Image | Unanswered])[]> {
  return Promise.all(
    indices.map(async (index) => {
      try {
        return [index, await load(index)] as const;
      } catch (error) {
        if (error instanceof UserError) return [index, new Unanswered(error.message)] as const;
        throw error;
      }
    }),
  );
}

/** Answers in memory, for work that is not gone on with. */
export class MemoryAnswers<Line extends { readonly index: number; readonly failed: boolean }>
  implements AnswerStore<Line>
{
  readonly path = 'answers in memory';
  readonly #lines = new Map<number, Line>();

  get indices(): readonly number[] {
    return [...this.#lines.keys()];
  }

  answered(index: number): boolean {
    return this.#lines.get(index)?.failed === false;
  }

  append(lines: readonly Line[]): void {
    for (const line of lines) this.#lines.set(line.index, line);
  }

  read(index: number): Line | undefined {
    return this.#lines.get(index);
  }
}
