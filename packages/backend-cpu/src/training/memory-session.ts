/**
 * An ONNX session whose every input and output lies in one WebAssembly memory: what training runs its segments with,
 * where weights are inputs and their gradients outputs. Nothing is copied on the way in or out.
 */
import type { WasmMemory } from '@vssm/kernels';
import type { InferenceSession, OnnxValue, TensorConstructor } from 'onnxruntime-node';
import { createSession, onnxRuntime } from '../ort.ts';

/** Row-major numbers at byte offset `at`: float32, or int64 where `integer`, which must lie at a multiple of 8. */
export interface Placement {
  readonly at: number;
  readonly shape: readonly number[];
  readonly integer?: true;
}

/** Inputs and outputs are named regions of the memory that it was opened with. */
export class MemorySession {
  readonly #memory: WasmMemory;
  readonly #session: InferenceSession;
  readonly #Tensor: TensorConstructor;

  /** @param threads inside each operator */
  static async open(model: Uint8Array, memory: WasmMemory, threads = 1): Promise<MemorySession> {
    const { Tensor } = await onnxRuntime();
    return new MemorySession(await createSession(model, threads, { shareCores: true }), memory, Tensor);
  }

  constructor(session: InferenceSession, memory: WasmMemory, Tensor: TensorConstructor) {
    this.#session = session;
    this.#memory = memory;
    this.#Tensor = Tensor;
  }

  /**
   * @param inputs may name more than the model reads
   * @param outputs must not overlap each other or an input
   */
  async run(
    inputs: Readonly<Record<string, Placement>>,
    outputs: Readonly<Record<string, Placement>>,
  ): Promise<void> {
    const read = Object.fromEntries(
      this.#session.inputNames.flatMap((name) => (name in inputs ? [[name, inputs[name]]] : [])),
    );
    await this.#session.run(
      this.#tensors(read) as InferenceSession.FeedsType,
      this.#tensors(outputs) as InferenceSession.FetchesType,
    );
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  #tensors(placements: Readonly<Record<string, Placement>>): Record<string, OnnxValue> {
    return Object.fromEntries(Object.entries(placements).map(([name, one]) => [name, this.#tensor(one)]));
  }

  #tensor({ at, shape, integer }: Placement): OnnxValue {
    const { buffer } = this.#memory;
    const size = shape.reduce((product, axis) => product * axis, 1);
    return integer === true
      ? new this.#Tensor('int64', new BigInt64Array(buffer, at, size), shape)
      : new this.#Tensor('float32', new Float32Array(buffer, at, size), shape);
  }
}
