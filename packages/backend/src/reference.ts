/** The float64 reference forward behind the Backend interface: slow, exact, always available. */
import { checkPlan, referenceForward } from '@vssm/families';
import {
  type Backend,
  type Batch,
  checkBatch,
  type LoadedModel,
  type ModelRequest,
  type Prediction,
} from './backend.ts';
import { JoinedContributions } from './contributions.ts';

export const referenceBackend: Backend = {
  name: 'reference',
  contributions: true,
  async probe() {
    const details = { precision: 'float64', implementation: 'plain TypeScript loops' };
    return { available: true, details, accelerator: null };
  },
  async load(request) {
    checkPlan(request.spec, request.plan);
    return new ReferenceModel(request);
  },
};

class ReferenceModel implements LoadedModel {
  readonly #request: ModelRequest;

  constructor(request: ModelRequest) {
    this.#request = request;
  }

  async run(batch: Batch): Promise<Prediction> {
    const { spec, weights, plan, contributions: asked } = this.#request;
    checkBatch(spec, batch);
    const pixels = spec.inChannels * spec.imageHeight * spec.imageWidth;
    const logits = new Float64Array(batch.size * spec.classes);
    const kept = new Map<number, number[]>(plan.schedule.map(({ after }) => [after, []]));
    const contributions = new JoinedContributions(batch.size);
    for (let item = 0; item < batch.size; item++) {
      const image = batch.pixels.subarray(item * pixels, (item + 1) * pixels);
      const sample = batch.samples?.[item] ?? item;
      const read = (block: number, positions: Int32Array, scores: Float64Array) =>
        contributions.add(new Map([[block, { scores, positions }]]), item, 1);
      const prediction = referenceForward(
        ...([spec, weights, plan, image, sample] as const),
        undefined,
        asked === true ? read : undefined,
      );
      logits.set(prediction.logits, item * spec.classes);
      for (const [after, positions] of prediction.kept) kept.get(after)!.push(...positions);
    }
    return {
      logits,
      kept: new Map([...kept].map(([after, positions]) => [after, Int32Array.from(positions)])),
      ...contributions.member,
    };
  }

  async dispose(): Promise<void> {}
}
