/** One stage of a detector or segmenter in a separate session. */
import type { InferenceSession, OnnxValue, TensorConstructor } from 'onnxruntime-node';
import { createSession, onnxRuntime } from '../ort.ts';

/** A float32 tensor. */
export interface StageTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Whole numbers (labels, sizes) go in as int64. */
export interface StageIntegers {
  readonly integers: ArrayLike<number>;
  /** Default: a vector. */
  readonly shape?: readonly number[];
}

export type StageInputs = Readonly<Record<string, StageTensor | StageIntegers>>;
export type StageOutputs = Readonly<Record<string, StageTensor>>;

/** @param threads inside each operator */
export function createStageSession(model: Uint8Array, threads: number): Promise<InferenceSession> {
  // A pattern of the first run's memory would be set aside in one piece beside what the session already keeps:
  // with it, a RetinaNet at 800x1344 took 4.6 GiB instead of 3.2.
  return createSession(model, threads, { shareCores: true, memoryPattern: false });
}

export class StageSession {
  readonly #session: InferenceSession;

  /**
   * @param model an encoded stage
   * @param threads inside each operator
   */
  static async create(model: Uint8Array, threads: number): Promise<StageSession> {
    return new StageSession(await createStageSession(model, threads));
  }

  constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** @param into where outputs are to be written; every other one gets memory of its own */
  async run(inputs: StageInputs, into: Readonly<Record<string, StageTensor>> = {}): Promise<StageOutputs> {
    const { Tensor } = await onnxRuntime();
    const feeds: Record<string, OnnxValue> = {};
    for (const [name, input] of Object.entries(inputs)) {
      feeds[name] =
        'integers' in input ? integerTensor(Tensor, input) : new Tensor('float32', input.data, input.shape);
    }
    const fetches = Object.fromEntries(
      this.#session.outputNames.map((name) => {
        const own = into[name];
        return [name, own === undefined ? null : new Tensor('float32', own.data, own.shape)];
      }),
    );
    const outputs = await this.#session.run(feeds, fetches as InferenceSession.FetchesType);
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { data, dims }]) => [
        name,
        { data: data as Float32Array, shape: dims },
      ]),
    );
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}

function integerTensor(Tensor: TensorConstructor, { integers, shape }: StageIntegers): OnnxValue {
  const data = BigInt64Array.from(Array.from(integers, BigInt));
  return new Tensor('int64', data, shape ?? [integers.length]);
}
