/**
 * Loss and gradient of one micro-batch on one thread: ONNX Runtime computes the dense segments and their gradients,
 * the kernels compute convolution, scan, gate and theirs, all in one memory. The selection is the inference engine's
 * and gets no gradient of its own; kept tokens carry theirs straight through it.
 */
import { type Placement, type Places, scoreImages, select, unprunedPlaces } from '@vssm/backend-cpu';
import { type PruningPlan, UserError } from '@vssm/core';
import { checkPlan, patchCount, type TrainableSpec, tokensPerBlock } from '@vssm/families';
import { Arena, createKernels, createMemory } from '@vssm/kernels';
import { type Buffers, placeBuffers, placed } from './buffers.ts';
import { HandOut } from './hand-out.ts';
import { type ParameterLayout, parameterLayout } from './layout.ts';
import { type BlockJob, BlockMixer } from './mixer.ts';
import { type BlockRows, openPrograms, type Programs } from './programs.ts';
import { directions } from './segments.ts';
import { NamedParameters, type Placements } from './weights.ts';

export interface MicroBatch {
  /** [B · patches, C · P · P] */
  readonly patches: Float32Array;
  /** [B, classes] */
  readonly targets: Float32Array;
  /** Stable indices of the images; only the `random` signal depends on them. */
  readonly samples: readonly number[];
}

export interface MicroBatchResult {
  /** Scaled sum of the images' losses. */
  readonly loss: number;
  /** [B, classes] */
  readonly logits: Float32Array;
}

export interface EngineOptions {
  readonly spec: TrainableSpec;
  readonly plan: PruningPlan;
  /** Images of one micro-batch. */
  readonly batch: number;
  /** Of the sum of the images' losses; 1 / batch size makes the gradient that of the mean. */
  readonly lossScale: number;
}

interface EngineParts {
  readonly arena: Arena;
  readonly layout: ParameterLayout;
  readonly parametersAt: number;
  readonly gradientsAt: number;
  readonly parameters: NamedParameters;
  readonly gradients: NamedParameters;
  readonly blocks: readonly BlockRows[];
  readonly buffers: Buffers;
  readonly mixer: BlockMixer;
  readonly handOut: HandOut;
  readonly programs: Programs;
}

export class GradientEngine {
  readonly #options: EngineOptions;
  readonly #parts: EngineParts;

  /** @throws UserError for a plan or a shape that it does not take, or a micro-batch too large for 4 GiB */
  static async create(options: EngineOptions): Promise<GradientEngine> {
    const { spec, plan, batch, lossScale } = options;
    checkPlan(spec, plan);
    checkShape(spec);
    const arena = new Arena(createMemory(), { limitBytes: 2 ** 32 });
    const kernels = await createKernels(arena.memory);
    const layout = parameterLayout(spec);
    const blocks = blockRows(options);
    try {
      const parametersAt = arena.float32(layout.size).at;
      const gradientsAt = arena.float32(layout.size).at;
      const parameters = new NamedParameters(spec, layout, parametersAt, '');
      const gradients = new NamedParameters(spec, layout, gradientsAt, 'd_');
      const lengths = blocks.map(({ rows }) => rows / batch);
      const buffers = placeBuffers(arena, spec, batch, lengths);
      const mixer = new BlockMixer({ spec, batch, arena, kernels, buffers, parameters, gradients });
      const handOut = new HandOut({ spec, plan, batch, arena, kernels, buffers, parameters });
      const programs = await openPrograms(spec, batch, blocks, lossScale, arena.memory);
      const vectors = { layout, parametersAt, gradientsAt, parameters, gradients };
      return new GradientEngine(options, { arena, ...vectors, blocks, buffers, mixer, handOut, programs });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new UserError(
        `a micro-batch of ${batch} images does not fit 4 GiB (${error.message}); take fewer`,
      );
    }
  }

  constructor(options: EngineOptions, parts: EngineParts) {
    this.#options = options;
    this.#parts = parts;
  }

  get layout(): ParameterLayout {
    return this.#parts.layout;
  }

  /** A view of the gradient that `run` computes, in the layout's order; overwritten by the next run. */
  get gradients(): Float32Array {
    return this.#floats(this.#parts.gradientsAt, this.layout.size);
  }

  /** Copies the parameters in. */
  setParameters(flat: Float32Array): void {
    this.#floats(this.#parts.parametersAt, this.layout.size).set(flat);
    this.#parts.mixer.parametersChanged();
  }

  /** Leaves the gradient in `gradients`. */
  async run(micro: MicroBatch): Promise<MicroBatchResult> {
    const { spec, batch } = this.#options;
    const { patches, target, logits, loss } = this.#parts.buffers;
    if (micro.samples.length !== batch) {
      throw new RangeError(`a micro-batch of ${micro.samples.length} images, expected ${batch}`);
    }
    this.#floats(patches.at, micro.patches.length).set(micro.patches);
    this.#floats(target.at, micro.targets.length).set(micro.targets);
    // The kernels add to what is there; ONNX Runtime overwrites.
    this.gradients.fill(0);
    const places = await this.#forward(micro.samples);
    await this.#head(places);
    await this.#backward();
    return {
      loss: this.#floats(loss.at, 1)[0],
      logits: this.#floats(logits.at, batch * spec.classes).slice(),
    };
  }

  release(): Promise<void> {
    return this.#parts.programs.release();
  }

  /** Fills the blocks' buffers; returns where the tokens of the last block stand. */
  async #forward(samples: readonly number[]): Promise<Places> {
    const { spec, plan, batch } = this.#options;
    const { programs, mixer, handOut, parameters, buffers } = this.#parts;
    let places = unprunedPlaces(spec, batch);
    this.#arrange(0, places);
    const patches = placed(buffers.patches, batch * patchCount(spec));
    await programs.embed.run({ patches, ...parameters.embed() }, this.#streamsInto(0));
    for (let block = 0; block < spec.depth; block++) {
      const job = this.#job(block);
      mixer.convolve(job);
      const inputs = { ...this.#sets(block, ['u']), ...parameters.projections(block) };
      await programs.projections[block].run(inputs, this.#sets(block, ['projected', 'delta']));
      const last = block === spec.depth - 1;
      const step = plan.schedule.findIndex(({ after }) => after === block + 1);
      // A step after the last block drops tokens that nobody reads.
      const scored = step >= 0 && !last;
      mixer.scan(job, scored ? handOut.own : undefined);
      if (last) break;
      if (scored) {
        handOut.begin(job);
        const source = (image: number) => handOut.source(job, image);
        const scores = scoreImages(spec, plan, step, places, source, samples);
        const selection = select(spec, plan, step, places, scores);
        if (plan.alignment === 'mask') this.#writeLive(block, selection.places.live!);
        else this.#writeKept(block, selection.chosen);
        places = selection.places;
      }
      this.#arrange(block + 1, places);
      await programs.next[block].run(this.#nextInputs(block), this.#streamsInto(block + 1));
    }
    return places;
  }

  /** The loss, and its gradient by the last block's two streams, into dY and the first of dResiduals. */
  async #head({ protectedTokens }: Places): Promise<void> {
    const { spec, batch } = this.#options;
    const { programs, parameters, gradients, buffers, blocks } = this.#parts;
    const last = spec.depth - 1;
    this.#writeKept(last, protectedTokens);
    await programs.head.run(
      {
        ...this.#streamsOut(last),
        kept: { at: buffers.blocks[last].kept, shape: [batch], integer: true },
        target: placed(buffers.target, batch),
        ...parameters.head(),
      },
      {
        loss: placed(buffers.loss, 1),
        logits: placed(buffers.logits, batch),
        d_y: placed(buffers.dY, blocks[last].rows),
        d_residual: placed(buffers.dResiduals[0], blocks[last].rows),
        ...gradients.head(),
      },
    );
  }

  async #backward(): Promise<void> {
    const { spec, batch } = this.#options;
    const { programs, mixer, parameters, gradients, buffers, blocks } = this.#parts;
    let [dResidual, spare] = buffers.dResiduals;
    for (let block = spec.depth - 1; block >= 0; block--) {
      const { rows } = blocks[block];
      mixer.scanBackward(this.#job(block));
      await this.#projectionsBackward(block, rows);
      mixer.convBackward(this.#job(block));
      const incoming = {
        next_residual: placed(buffers.blocks[block].residual, rows),
        d_next_residual: placed(dResidual, rows),
        d_xz: placed(buffers.dXz, rows),
      };
      if (block === 0) {
        const patches = placed(buffers.patches, batch * patchCount(spec));
        await programs.embedGradient.run({ ...incoming, patches, ...parameters.embed() }, gradients.embed());
        return;
      }
      mixer.gate(this.#job(block - 1));
      const before = blocks[block - 1].rows;
      await programs.nextGradient[block - 1].run(
        { ...this.#nextInputs(block - 1), ...incoming },
        { d_y: placed(buffers.dY, before), d_residual: placed(spare, before), ...gradients.next(block - 1) },
      );
      [dResidual, spare] = [spare, dResidual];
    }
  }

  async #projectionsBackward(block: number, rows: number): Promise<void> {
    const { programs, parameters, gradients, buffers } = this.#parts;
    const of = (pairs: (own: (typeof directions)[number]) => [string, Placement][]): Placements =>
      Object.fromEntries(directions.flatMap(pairs));
    const incoming = of((one) => [
      [`d_projected_${one}`, placed(buffers.d[one].projected, rows)],
      [`d_delta_${one}`, placed(buffers.d[one].delta, rows)],
      [`d_passed_${one}`, placed(buffers.d[one].u, rows)],
    ]);
    const outgoing = of((one) => [[`d_u_${one}`, placed(buffers.d[one].uInAll, rows)]]);
    await programs.projectionsGradient[block].run(
      { ...this.#sets(block, ['u', 'projected']), ...parameters.projections(block), ...incoming },
      { ...outgoing, ...gradients.projections(block) },
    );
  }

  #job(block: number): BlockJob {
    const { plan, batch } = this.#options;
    const { blocks } = this.#parts;
    const pruned = blocks[block].rows < blocks[0].rows;
    return {
      block,
      length: blocks[block].rows / batch,
      positionalTaps: pruned && plan.conv === 'positional',
      gaps: pruned && plan.alignment === 'decay',
    };
  }

  /** Tells the kernels where a block's tokens stand. */
  #arrange(block: number, { positions, length }: Places): void {
    const { arena, buffers } = this.#parts;
    const at = buffers.blocks[block].positions;
    const to = new Int32Array(arena.memory.buffer, at, positions.length * length);
    for (const [image, own] of positions.entries()) to.set(own, image * length);
  }

  /** Tokens of each image that go on, as rows of the whole micro-batch. */
  #writeKept(block: number, tokens: readonly Int32Array[]): void {
    const { buffers, arena } = this.#parts;
    const { length } = this.#job(block);
    const count = tokens[0].length;
    const to = new BigInt64Array(arena.memory.buffer, buffers.blocks[block].kept, tokens.length * count);
    for (const [image, own] of tokens.entries()) {
      for (const [i, token] of own.entries()) to[image * count + i] = BigInt(image * length + token);
    }
  }

  #writeLive(block: number, masks: readonly Uint8Array[]): void {
    const { rows } = this.#parts.blocks[block];
    const live = this.#floats(this.#parts.buffers.blocks[block].live.at, rows);
    for (const [image, mask] of masks.entries()) live.set(mask, image * mask.length);
  }

  #streamsInto(block: number): Placements {
    const { buffers, blocks } = this.#parts;
    const { residual, xz } = buffers.blocks[block];
    const { rows } = blocks[block];
    return { next_residual: placed(residual, rows), xz: placed(xz, rows) };
  }

  #streamsOut(block: number): Placements {
    const { buffers, blocks } = this.#parts;
    const { rows } = blocks[block];
    return { y: placed(buffers.y, rows), residual: placed(buffers.blocks[block].residual, rows) };
  }

  #nextInputs(block: number): Placements {
    const { buffers, blocks, parameters } = this.#parts;
    const { kept, live } = buffers.blocks[block];
    return {
      ...this.#streamsOut(block),
      ...parameters.next(block),
      kept: { at: kept, shape: [blocks[block + 1].rows], integer: true },
      live: placed(live, blocks[block].rows),
    };
  }

  #sets(block: number, parts: readonly ('u' | 'projected' | 'delta')[]): Placements {
    const { buffers, blocks } = this.#parts;
    const own = buffers.blocks[block];
    return Object.fromEntries(
      directions.flatMap((one) =>
        parts.map((part) => [`${part}_${one}`, placed(own[one][part], blocks[block].rows)]),
      ),
    );
  }

  #floats(at: number, count: number): Float32Array {
    return new Float32Array(this.#parts.arena.memory.buffer, at, count);
  }
}

/** Rows of each block, and what is selected of them; under `mask` they all stay. */
function blockRows({ spec, plan, batch }: EngineOptions): readonly BlockRows[] {
  const masked = plan.alignment === 'mask';
  const lengths = tokensPerBlock(spec, plan);
  return lengths.map((length, block): BlockRows => {
    const rows = batch * (masked ? lengths[0] : length);
    const steps = plan.schedule.some(({ after }) => after === block + 1);
    if (!steps || block === spec.depth - 1) return { rows, selection: { kind: 'all' } };
    if (masked) return { rows, selection: { kind: 'mask' } };
    return { rows, selection: { kind: 'gather', rowsAfter: batch * lengths[block + 1] } };
  });
}

/** What the gradient kernels ask of a model. */
function checkShape({ innerWidth, stateSize, convKernel }: TrainableSpec): void {
  if (innerWidth % 8 !== 0) {
    throw new UserError(`inner width ${innerWidth} cannot be trained: it must be a multiple of 8`);
  }
  if (stateSize % 4 !== 0 || stateSize > 256) {
    throw new UserError(`state size ${stateSize} cannot be trained: it must be a multiple of 4 up to 256`);
  }
  if (convKernel > 8) {
    throw new UserError(`${convKernel} convolution taps cannot be trained: at most 8`);
  }
}
