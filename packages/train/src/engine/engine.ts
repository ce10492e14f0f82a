/**
 * Loss and gradient of one micro-batch on one thread: the dense segments and their gradients as programs, convolution,
 * scan, gate and theirs between them, all of it kernels in one memory. The selection is the inference engine's
 * and gets no gradient of its own; kept tokens carry theirs straight through it.
 */
import { type Places, scoreImages, select, unprunedPlaces } from '@vssm/backend-cpu';
import { type PruningPlan, refusePairing, ruleFileOf, ruleOf, UserError } from '@vssm/core';
import { checkPlan, sequenceLength, tokenCounts } from '@vssm/families';
import { Arena, createKernels, createMemory, type Kernels } from '@vssm/kernels';
import type { Program } from '../autodiff/program.ts';
import type { BlockJob, LeavingStream, Mixing, SegmentWeights } from '../family.ts';
import { trainingOf } from '../table.ts';
import { leavingBlocks, streamsOf, type TrainingTask } from '../task.ts';
import { trainingTask } from '../tasks.ts';
import { backboneOf, type TrainedSpec } from '../trained-spec.ts';
import { blockRows } from './block-rows.ts';
import { type Buffers, placeBuffers, placed } from './buffers.ts';
import { fillCells } from './cells.ts';
import { FlatParameters, type Placements } from './flat-parameters.ts';
import { type ParameterLayout, parameterLayout } from './layout.ts';
import { NamedPlaces } from './named-places.ts';
import { type BlockRows, type Programs, writePrograms } from './programs.ts';

export interface MicroBatch {
  /** [B · patches, C · P · P] */
  readonly patches: Float32Array;
  /** [B · answers, classes] */
  readonly targets: Float32Array;
  /** Stable indices of the images; read by the `random` signal and rule files. */
  readonly samples: readonly number[];
}

export interface MicroBatchResult {
  /** Scaled sum of the images' losses. */
  readonly loss: number;
  /** [B · answers, classes] */
  readonly logits: Float32Array;
}

/** @throws UserError for a plan or a shape that no engine takes: known before anything is read or written */
export function checkTrainable(spec: TrainedSpec, plan: PruningPlan): void {
  refusePairing(plan, 'training');
  if (ruleOf(plan).signals.includes('scans')) {
    throw new UserError(
      `${ruleFileOf(plan)?.file ?? plan.signal}: the rule reads "scans", which training does not hand out; "contributions" are what the classifier's tokens read through them`,
    );
  }
  const backbone = backboneOf(spec);
  checkPlan(backbone, plan);
  trainingOf(backbone).check(backbone);
}

export interface EngineOptions {
  /** A segmenter's is at the size of its input. */
  readonly spec: TrainedSpec;
  readonly plan: PruningPlan;
  /** Images of one micro-batch. */
  readonly batch: number;
  /** Of the sum of the images' losses; 1 / batch size makes the gradient that of the mean. */
  readonly lossScale: number;
}

interface EngineParts {
  readonly task: TrainingTask;
  readonly arena: Arena;
  readonly kernels: Kernels;
  readonly layout: ParameterLayout;
  readonly parametersAt: number;
  readonly gradientsAt: number;
  readonly parameters: FlatParameters;
  readonly gradients: FlatParameters;
  readonly weights: SegmentWeights;
  readonly blocks: readonly BlockRows[];
  /** Of the blocks before the last one. */
  readonly streams: readonly LeavingStream[];
  readonly buffers: Buffers;
  readonly mixing: Mixing;
  readonly programs: Programs;
  /** Byte offset of the programs' working memory. */
  readonly workspace: number;
}

export class GradientEngine {
  readonly #options: EngineOptions;
  readonly #parts: EngineParts;
  readonly #named: NamedPlaces;

  /** @throws UserError for a plan or a shape that it does not take, or a micro-batch too large for 4 GiB */
  static async create(options: EngineOptions): Promise<GradientEngine> {
    const { plan, batch, lossScale } = options;
    checkTrainable(options.spec, plan);
    const task = trainingTask(options.spec);
    const spec = task.backbone;
    const family = trainingOf(spec);
    const arena = new Arena(createMemory(), { limitBytes: 2 ** 32 });
    const kernels = await createKernels(arena.memory);
    const layout = parameterLayout(options.spec);
    const blocks = blockRows(task, options, family.refillsMasked);
    const streams = leavingBlocks(task, plan).map((left) => ({ ...left, rows: blocks[left.block].rows }));
    const weights = family.weights(spec);
    try {
      const parametersAt = arena.float32(layout.size).at;
      const gradientsAt = arena.float32(layout.size).at;
      const parameters = new FlatParameters(layout, parametersAt, '');
      const gradients = new FlatParameters(layout, gradientsAt, 'd_');
      const vectors = { layout, parametersAt, gradientsAt, parameters, gradients, weights };
      const lengths = blocks.map(({ rows }) => rows / batch);
      const sets = family.projectionSets.length;
      const left = new Set(streams.map(({ block }) => block));
      const buffers = placeBuffers(arena, task, batch, lengths, left, sets, family.inputShape(spec));
      const shared = { spec, plan, batch, lengths, arena, kernels, buffers, parameters, gradients };
      const mixing = family.mixing(shared);
      const { rows, selection } = blocks[blocks.length - 1];
      const tokens = tokenCounts(spec, plan).at(-1)!;
      const head = { rows, batch, selection, tokens, scale: lossScale, streams };
      const programs = writePrograms(task, blocks, head);
      const workspace = arena.float32(programs.workspace).at;
      const made = {
        task,
        arena,
        kernels,
        ...vectors,
        blocks,
        streams,
        buffers,
        mixing,
        programs,
        workspace,
      };
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
    this.#named = new NamedPlaces({ ...parts, batch: options.batch });
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
    const { batch } = this.#options;
    const { patches, target, logits, loss } = this.#parts.buffers;
    if (micro.samples.length !== batch) {
      throw new RangeError(`a micro-batch of ${micro.samples.length} images, expected ${batch}`);
    }
    this.#floats(patches.at, micro.patches.length).set(micro.patches);
    this.#floats(target.at, micro.targets.length).set(micro.targets);
    // The mixers' kernels add to what is there; programs overwrite.
    this.gradients.fill(0);
    this.#head(this.#forward(micro.samples));
    this.#backward();
    return {
      loss: this.#floats(loss.at, 1)[0],
      logits: this.#floats(logits.at, micro.targets.length).slice(),
    };
  }

  #run(program: Program, inputs: Placements, outputs: Placements): void {
    const { kernels, workspace } = this.#parts;
    program.run(kernels, workspace, inputs, outputs);
  }

  /** Fills the blocks' buffers; returns where the tokens of the last block stand. */
  #forward(samples: readonly number[]): Places {
    const { plan, batch } = this.#options;
    const { task, programs, mixing, parameters, gradients, weights } = this.#parts;
    const spec = task.backbone;
    let places = unprunedPlaces(spec, batch);
    const standing: Places[] = [];
    mixing.arrange(0, places);
    const inputs = { patches: this.#named.patches(), ...parameters.placed(weights.embed) };
    const statistics = gradients.statistics(weights.statistics);
    this.#run(programs.embed, inputs, { ...this.#named.streamsInto(0), ...statistics });
    for (let block = 0; block < spec.depth; block++) {
      const job = this.#job(block);
      standing.push(places);
      mixing.convolve(job);
      const inputs = { ...this.#named.sets(block, ['u']), ...parameters.placed(weights.projections(block)) };
      this.#run(programs.projections[block], inputs, this.#named.sets(block, ['projected', 'delta']));
      const last = block === spec.depth - 1;
      const step = plan.schedule.findIndex(({ after }) => after === block + 1);
      // A step after the last block drops tokens that nobody reads, where the classifier has tokens of its own, and none
      // of a whole grid.
      const prunes = step >= 0 && !(last && (places.protectedTokens[0].length > 0 || task.taps.length > 0));
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
      this.#run(programs.next[block], this.#named.nextInputs(block), {
        ...this.#named.streamsInto(block + 1),
        ...this.#named.leaving(block, 'leaving', 'tokens'),
      });
    }
    this.#writeCells(standing);
    return places;
  }

  /** The loss, and its gradient by the last block's two streams, into dY and the first of dResiduals. */
  #head({ protectedTokens }: Places): void {
    const { task, programs, parameters, gradients, buffers, blocks, streams } = this.#parts;
    const last = task.backbone.depth - 1;
    const answers = this.#options.batch * task.answers;
    const ofStreams = (name: string, part: 'tokens' | 'gradient'): Placements =>
      Object.assign({}, ...streams.map(({ block }) => this.#named.leaving(block, `${name}_${block}`, part)));
    if (protectedTokens[0].length > 0) this.#writeKept(last, protectedTokens);
    this.#run(
      programs.head,
      {
        ...this.#named.streamsOut(last),
        ...this.#named.selected(last),
        ...ofStreams('leaving', 'tokens'),
        ...this.#named.cells(),
        target: placed(buffers.target, answers),
        ...parameters.placed(task.headWeights),
      },
      {
        loss: placed(buffers.loss, 1),
        logits: placed(buffers.logits, answers),
        d_y: placed(buffers.dY, blocks[last].rows),
        d_residual: placed(buffers.dResiduals[0], blocks[last].rows),
        ...ofStreams('d_leaving', 'gradient'),
        ...gradients.placed(task.headWeights),
        ...gradients.statistics(task.headStatistics),
      },
    );
  }

  #backward(): void {
    const { task, programs, mixing, parameters, gradients, weights, buffers, blocks } = this.#parts;
    let [dResidual, spare] = buffers.dResiduals;
    for (let block = task.backbone.depth - 1; block >= 0; block--) {
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
          { ...incoming, patches: this.#named.patches(), ...parameters.placed(weights.embed) },
          gradients.placed(weights.embed),
        );
        return;
      }
      mixing.gate(this.#job(block - 1));
      const before = blocks[block - 1].rows;
      this.#run(
        programs.nextGradient[block - 1],
        {
          ...this.#named.nextInputs(block - 1),
          ...incoming,
          ...this.#named.leaving(block - 1, 'd_leaving', 'gradient'),
        },
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
    const incoming = this.#named.bySet((set, name) => {
      const { projected, delta, u } = buffers.sets[set];
      return {
        [`d_projected_${name}`]: placed(projected, rows),
        [`d_delta_${name}`]: placed(delta, rows),
        [`d_passed_${name}`]: placed(u, rows),
      };
    });
    const outgoing = this.#named.bySet((set, name) => ({
      [`d_u_${name}`]: placed(buffers.sets[set].uInAll, rows),
    }));
    const names = weights.projections(block);
    this.#run(
      programs.projectionsGradient[block],
      { ...this.#named.sets(block, ['u', 'projected']), ...parameters.placed(names), ...incoming },
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

  /** Where the taps' cells lie among the streams. @param standing tokens of each block */
  #writeCells(standing: readonly Places[]): void {
    const { task, buffers, arena } = this.#parts;
    const count = this.#options.batch * sequenceLength(task.backbone);
    for (const [tap, block] of task.taps.entries()) {
      const to = new Int32Array(arena.memory.buffer, buffers.cells[tap], count);
      const streams = streamsOf(this.#streamsAndLast(), block);
      fillCells(
        to,
        streams.map((stream) => standing[stream.block]),
      );
    }
  }

  #streamsAndLast(): readonly LeavingStream[] {
    const { streams, blocks } = this.#parts;
    const last = blocks.length - 1;
    return [...streams, { block: last, rows: blocks[last].rows, prunes: false }];
  }

  #floats(at: number, count: number): Float32Array {
    return new Float32Array(this.#parts.arena.memory.buffer, at, count);
  }
}
