/** The `whole` form on the CPU: one ONNX session runs everything, pruning included. */
import { availableParallelism } from 'node:os';
import { type Batch, checkBatch, type LoadedModel, type ModelRequest, type Prediction } from '@vssm/backend';
import { runWhole, wholeModel } from '@vssm/families/graph';
import type { ScanForm } from '@vssm/graph';
import type { InferenceSession } from 'onnxruntime-node';
import { createSession, onnxRuntime } from './ort.ts';

export async function loadWhole(request: ModelRequest, scan: ScanForm): Promise<LoadedModel> {
  const { spec, weights, plan, threads } = request;
  const model = wholeModel(spec, weights, plan, { scan });
  const session = await createSession(model, threads ?? availableParallelism());
  return new WholeModel(request, session, `whole-${scan}`);
}

class WholeModel implements LoadedModel {
  readonly form: string;
  readonly #request: ModelRequest;
  readonly #session: InferenceSession;

  constructor(request: ModelRequest, session: InferenceSession, form: string) {
    this.form = form;
    this.#request = request;
    this.#session = session;
  }

  async run(batch: Batch): Promise<Prediction> {
    const { Tensor } = await onnxRuntime();
    const { spec, plan } = this.#request;
    checkBatch(spec, batch);
    const { pixels, samples = Array.from({ length: batch.size }, (_, item) => item) } = batch;
    return runWhole({ spec, plan, pixels, samples }, Tensor, (feeds) => this.#session.run(feeds));
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}
