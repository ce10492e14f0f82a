/** ONNX Runtime on the kernels' memory: a tensor is a view of a region, and what a session returns stays there. */
import type { InferenceSession, OnnxValue, TensorConstructor } from 'onnxruntime-node';
import { onnxRuntime } from '../ort.ts';
import type { Floats } from './buffers.ts';

export type Tensors = Readonly<Record<string, OnnxValue>>;

export class SessionRunner {
  readonly #Tensor: TensorConstructor;

  static async create(): Promise<SessionRunner> {
    const { Tensor } = await onnxRuntime();
    return new SessionRunner(Tensor);
  }

  constructor(Tensor: TensorConstructor) {
    this.#Tensor = Tensor;
  }

  /** The first values of a region, as many as `shape` has. */
  tensor(region: Floats, shape: readonly number[]): OnnxValue {
    const size = shape.reduce((product, axis) => product * axis, 1);
    return new this.#Tensor('float32', region.view().subarray(0, size), shape);
  }

  async run(session: InferenceSession, inputs: Tensors, outputs: Tensors): Promise<void> {
    await session.run(inputs as InferenceSession.FeedsType, outputs as InferenceSession.FetchesType);
  }
}
