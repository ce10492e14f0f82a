/**
 * Loss and gradient of one micro-batch on one thread: the dense segments and their gradients as programs, convolution,
 * scan, gate and theirs between them, all of it kernels in one memory. The selection is the inference engine's
 * and gets no gradient of its own; kept tokens carry theirs straight through it.
 */
import { type Places, scoreImages, select, unprunedPlaces } from '@vssm/backend-cpu';
import { type PruningPlan, refusePairing, UserError } from '@vssm/core';
import { checkPlan, type TrainableSpec, tokenCounts, tokenLayout, tokensPerBlock } from '@vssm/families';
import { Arena, createKernels, createMemory, type Kernels } from '@vssm/kernels';
import type { Placement, Program } from '../autodiff/program.ts';
import type { BlockJob, Mixing, SegmentWeights } from '../family.ts';
import { trainingOf } from '../table.ts';
import { type Buffers, placeBuffers, placed, type SetBuffers } from './buffers.ts';
import { FlatParameters, type Placements } from './flat-parameters.ts';
import { type ParameterLayout, parameterLayout } from './layout.ts';
import { type BlockRows, type Programs, writePrograms } from './programs.ts';

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
  readonly kernels: Kernels;
  readonly layout: ParameterLayout;
  readonly parametersAt: number;
  readonly gradientsAt: number;
  readonly parameters: FlatParameters;
  readonly gradients: FlatParameters;
  readonly weights: SegmentWeights;
  readonly blocks: readonly BlockRows[];
  readonly buffers: Buffers;
  readonly mixing: Mixing;
  readonly programs: Programs;
  /** Byte offset of the programs' working memory. */
  readonly workspace: number;
}

export class GradientEngine {
  readonly #options: EngineOptions;
  readonly #parts: EngineParts;

  /** @throws UserError for a plan or a shape that it does not take, or a micro-batch too large for 4 GiB */
  static async create(options: EngineOptions): Promise<GradientEngine> {
    refusePairing(options.plan, 'training');
    const { spec, plan, batch, lossScale } = options;
    checkPlan(spec, plan);
    const family = trainingOf(spec);
    family.check(spec);
    const arena = new Arena(createMemory(), { limitBytes: 2 ** 32 });
    const kernels = await createKernels(arena.memory);
    const layout = parameterLayout(spec);
    const blocks = blockRows(options, family.refillsMasked);
    const weights = family.weights(spec);
    try {
      const parametersAt = arena.float32(layout.size).at;
      const gradientsAt = arena.float32(layout.size).at;
      const parameters = new FlatParameters(layout, parametersAt, '');
      const gradients = new FlatParameters(layout, gradientsAt, 'd_');
      const vectors = { layout, parametersAt, gradientsAt, parameters, gradients, weights };
      const lengths = blocks.map(({ rows }) => rows / batch);
      const sets = family.projectionSets.length;
      const buffers = placeBuffers(arena, spec, batch, lengths, sets, family.inputShape(spec));
      const shared = { spec, plan, batch, lengths, arena, kernels, buffers, parameters, gradients };
      const mixing = family.mixing(shared);
      const { rows, selection } = blocks[blocks.length - 1];
      const head = { rows, batch, selection, tokens: tokenCounts(spec, plan).at(-1)!, scale: lossScale };
      const programs = writePrograms(spec, blocks, head);
      const workspace = arena.float32(programs.workspace).at;
      const made = { arena, kernels, ...vectors, blocks, buffers, mixing, programs, workspace };
      return new GradientEngine(options, made);
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
    this.#parts.mixing.parametersChanged();
  }

  /** Leaves the gradient in `gradients`. */
  run(micro: MicroBatch): MicroBatchResult {
    const { spec, batch } = this.#options;
    const { patches, target, logits, loss } = this.#parts.buffers;
    if (micro.samples.length !== batch) {
      throw new RangeError(`a micro-batch of ${micro.samples.length} images, expected ${batch}`);
    }
    this.#floats(patches.at, micro.patches.length).set(micro.patches);
    this.#floats(target.at, micro.targets.length).set(micro.targets);
    // The mixers' kernels add to what is there; programs overwrite.
    this.gradients.fill(0);
    const places = this.#forward(micro.samples);
    this.#head(places);
    this.#backward();
    return {
      loss: this.#floats(loss.at, 1)[0],
      logits: this.#floats(logits.at, batch * spec.classes).slice(),
    };
  }

  #run(program: Program, inputs: Placements, outputs: Placements): void {
    const { kernels, workspace } = this.#parts;
    program.run(kernels, workspace, inputs, outputs);
  }

  /** Fills the blocks' buffers; returns where the tokens of the last block stand. */
  #forward(samples: readonly number[]): Places {
    const { spec, plan, batch } = this.#options;
    const { programs, mixing, parameters, gradients, weights } = this.#parts;
    let places = unprunedPlaces(spec, batch);
    mixing.arrange(0, places);
    const inputs = { patches: this.#patches(), ...parameters.placed(weights.embed) };
    const statistics = gradients.statistics(weights.statistics);
    this.#run(programs.embed, inputs, { ...this.#streamsInto(0), ...statistics });
    for (let block = 0; block < spec.depth; block++) {
      const job = this.#job(block);
      mixing.convolve(job);
      const inputs = { ...this.#sets(block, ['u']), ...parameters.placed(weights.projections(block)) };
      this.#run(programs.projections[block], inputs, this.#sets(block, ['projected', 'delta']));
      const last = block === spec.depth - 1;
      const step = plan.schedule.findIndex(({ after }) => after === block + 1);
      // A step after the last block drops tokens that nobody reads, where the classifier has tokens of its own.
      const prunes = step >= 0 && !(last && places.protectedTokens[0].length > 0);
      mixing.scan(job, prunes);
      if (prunes) {
        const source = (image: number) => mixing.source(job, image);
        const scored = scoreImages(spec, plan, step, places, source, samples);
        const selection = select(plan, places, scored);
        if (plan.alignment !== 'mask') this.#writeKept(block, selection.chosen);
        places = selection.places;
      }
      if (places.live !== undefined) this.#writeLive(block, places.live);
      if (last) break;
      mixing.arrange(block + 1, places);
      this.#run(programs.next[block], this.#nextInputs(block), this.#streamsInto(block + 1));
    }
    return places;
  }

  /** The loss, and its gradient by the last block's two streams, into dY and the first of dResiduals. */
  #head({ protectedTokens }: Places): void {
    const { spec, batch } = this.#options;
    const { programs, parameters, gradients, weights, buffers, blocks } = this.#parts;
    const last = spec.depth - 1;
    if (protectedTokens[0].length > 0) this.#writeKept(last, protectedTokens);
    this.#run(
      programs.head,
      {
        ...this.#streamsOut(last),
        ...this.#selected(last),
        target: placed(buffers.target, batch),
        ...parameters.placed(weights.head),
      },
      {
        loss: placed(buffers.loss, 1),
        logits: placed(buffers.logits, batch),
        d_y: placed(buffers.dY, blocks[last].rows),
        d_residual: placed(buffers.dResiduals[0], blocks[last].rows),
        ...gradients.placed(weights.head),
      },
    );
  }

  #backward(): void {
    const { spec } = this.#options;
    const { programs, mixing, parameters, gradients, weights, buffers, blocks } = this.#parts;
    let [dResidual, spare] = buffers.dResiduals;
    for (let block = spec.depth - 1; block >= 0; block--) {
      const { rows } = blocks[block];
      mixing.scanBackward(this.#job(block));
      this.#projectionsBackward(block, rows);
      mixing.convBackward(this.#job(block));
      const incoming = {
        next_residual: placed(buffers.blocks[block].residual, rows),
        d_next_residual: placed(dResidual, rows),
        d_xz: placed(buffers.dXz, rows),
      };
      if (block === 0) {
        this.#run(
          programs.embedGradient,
          { ...incoming, patches: this.#patches(), ...parameters.placed(weights.embed) },
          gradients.placed(weights.embed),
        );
        return;
      }
      mixing.gate(this.#job(block - 1));
      const before = blocks[block - 1].rows;
      this.#run(
        programs.nextGradient[block - 1],
        { ...this.#nextInputs(block - 1), ...incoming },
        {
          d_y: placed(buffers.dY, before),
          d_residual: placed(spare, before),
          ...gradients.placed(weights.next(block - 1)),
        },
      );
      [dResidual, spare] = [spare, dResidual];
    }
  }

  #projectionsBackward(block: number, rows: number): void {
    const { programs, parameters, gradients, weights, buffers } = this.#parts;
    const incoming = this.#bySet((set, name) => {
      const { projected, delta, u } = buffers.sets[set];
      return {
        [`d_projected_${name}`]: placed(projected, rows),
        [`d_delta_${name}`]: placed(delta, rows),
        [`d_passed_${name}`]: placed(u, rows),
      };
    });
    const outgoing = this.#bySet((set, name) => ({
      [`d_u_${name}`]: placed(buffers.sets[set].uInAll, rows),
    }));
    const names = weights.projections(block);
    this.#run(
      programs.projectionsGradient[block],
      { ...this.#sets(block, ['u', 'projected']), ...parameters.placed(names), ...incoming },
      { ...outgoing, ...gradients.placed(names) },
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

  /** Tokens of each image that go on, as rows of the whole micro-batch. */
  #writeKept(block: number, tokens: readonly Int32Array[]): void {
    const { buffers, arena } = this.#parts;
    const { length } = this.#job(block);
    const count = tokens[0].length;
    const to = new Int32Array(arena.memory.buffer, buffers.blocks[block].kept, tokens.length * count);
    for (const [image, own] of tokens.entries()) {
      for (const [i, token] of own.entries()) to[image * count + i] = image * length + token;
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
    const { parameters, weights } = this.#parts;
    return {
      ...this.#streamsOut(block),
      ...this.#selected(block),
      ...parameters.placed(weights.next(block)),
    };
  }

  /** What a segment selects by. */
  #selected(block: number): Placements {
    const { buffers, blocks } = this.#parts;
    const { rows, selection } = blocks[block];
    const { kept, live } = buffers.blocks[block];
    switch (selection.kind) {
      case 'all':
        return {};
      case 'gather':
        return { kept: { at: kept, shape: [selection.rowsAfter] } };
      case 'mask':
        return { live: placed(live, rows) };
      default:
        throw selection satisfies never;
    }
  }

  #patches(): Placement {
    const { spec, batch } = this.#options;
    const [rows] = trainingOf(spec).inputShape(spec);
    return placed(this.#parts.buffers.patches, batch * rows);
  }

  #sets(block: number, parts: readonly (keyof SetBuffers)[]): Placements {
    const { buffers, blocks } = this.#parts;
    const { sets } = buffers.blocks[block];
    return this.#bySet((set, name) =>
      Object.fromEntries(
        parts.map((part) => [`${part}_${name}`, placed(sets[set][part], blocks[block].rows)]),
      ),
    );
  }

  /** What is placed for each set of projections. */
  #bySet(placements: (set: number, name: string) => Placements): Placements {
    const { projectionSets } = trainingOf(this.#options.spec);
    return Object.assign({}, ...projectionSets.map((name, set) => placements(set, name)));
  }

  #floats(at: number, count: number): Float32Array {
    return new Float32Array(this.#parts.arena.memory.buffer, at, count);
  }
}

/** Rows of each block, and what is selected of them; under `mask` they all stay. */
function blockRows({ spec, plan, batch }: EngineOptions, refillsMasked: boolean): readonly BlockRows[] {
  const masked = plan.alignment === 'mask';
  const lengths = tokensPerBlock(spec, plan);
  const after = [...lengths.slice(1), tokenCounts(spec, plan).at(-1)!];
  return lengths.map((length, block): BlockRows => {
    const rows = batch * (masked ? lengths[0] : length);
    const read = tokenLayout(spec).protectedTokens.length;
    if (block === spec.depth - 1 && read > 0) {
      return { rows, selection: { kind: 'gather', rowsAfter: batch * read } };
    }
    const steps = plan.schedule.filter((step) => step.after <= block + 1);
    const here = steps.some((step) => step.after === block + 1);
    if (masked)
      return {
        rows,
        selection: here || (refillsMasked && steps.length > 0) ? { kind: 'mask' } : { kind: 'all' },
      };
    if (!here) return { rows, selection: { kind: 'all' } };
    return { rows, selection: { kind: 'gather', rowsAfter: batch * after[block] } };
  });
}
