/** UperNet on the CPU: its backbone by segments and kernels, its head as one ONNX stage. */
import type { PruningPlan, Weights } from '@vssm/core';
import { patchGrid, plainMambaGrid, type VimSpec } from '@vssm/families';
import {
  type NumberMap,
  type PlainMambaTapsSpec,
  type SegmenterStages,
  type UperNetSpec,
  type VimTapsSpec,
  withInputSize,
} from '@vssm/vision-tasks';
import {
  plainMambaEmbedStage,
  uperHeadInputs,
  uperHeadStage,
  vimEmbedStage,
  visionNames,
} from '@vssm/vision-tasks/graph';
import type { InferenceSession } from 'onnxruntime-node';
import { type ImageRun, type KeptWatch, plainMambaTaps, vimTaps } from './backbones.ts';
import { type BlockSessions, geluSession, plainMambaSessions, vimSessions } from './block-sessions.ts';
import { KernelMixer, projectionSessions } from './kernel-mixer.ts';
import { kernelPlace } from './kernel-place.ts';
import { type LayerProducts, layerProducts } from './layer-products.ts';
import { type ImageSize, OneSize, type SizedStages } from './sized.ts';
import { type StageInputs, StageSession, type StageTensor } from './stage.ts';
import type { Stopwatch } from './stopwatch.ts';

export interface VisionOptions {
  readonly threads: number;
  readonly stopwatch?: Stopwatch;
  readonly kept?: KeptWatch;
}

/** What serves every size of image. */
interface Sessions {
  readonly blocks: readonly BlockSessions[];
  readonly projections: readonly InferenceSession[];
  readonly gelu: StageSession;
  readonly head: StageSession;
}

/** What depends on the size of the image. */
interface Sized extends SizedStages {
  /** The head's inputs beside the taps. */
  readonly headInputs: StageInputs;
  /** Of a PlainMamba. */
  readonly products?: LayerProducts;
}

/** One window at a time; sessions that depend on its size are made anew when that changes. */
export class CpuSegmenter implements SegmenterStages {
  readonly #spec: UperNetSpec;
  readonly #weights: Weights;
  readonly #plan: PruningPlan;
  readonly #threads: number;
  #run: ImageRun;
  readonly #sessions: Sessions;
  readonly #sized: OneSize<Sized>;

  /** @param sample stable index of the image, see `forSample` */
  static async create(
    spec: UperNetSpec,
    weights: Weights,
    plan: PruningPlan,
    { threads, stopwatch = () => {}, kept = () => {} }: VisionOptions,
    sample = 0,
  ): Promise<CpuSegmenter> {
    const { backbone } = spec;
    const sessions = {
      blocks:
        backbone.family === 'plainmamba'
          ? await plainMambaSessions(backbone.spec, weights, threads)
          : await vimSessions(backbone, weights, threads),
      projections: await projectionSessions(backbone.spec, blockWeights(backbone, weights), plan, threads),
      gelu: await geluSession(backbone.spec.width, threads),
      head: await StageSession.create(uperHeadStage(spec, weights), threads),
    };
    return new CpuSegmenter(spec, weights, plan, threads, { sample, stopwatch, kept }, sessions);
  }

  constructor(
    spec: UperNetSpec,
    weights: Weights,
    plan: PruningPlan,
    threads: number,
    run: ImageRun,
    sessions: Sessions,
  ) {
    this.#spec = spec;
    this.#weights = weights;
    this.#plan = plan;
    this.#threads = threads;
    this.#run = run;
    this.#sessions = sessions;
    this.#sized = new OneSize((size) => this.#stagesOf(size));
  }

  /** @param sample stable index of the images to come; only the `random` signal depends on it */
  forSample(sample: number): this {
    this.#run = { ...this.#run, sample };
    return this;
  }

  async logits(window: NumberMap): Promise<NumberMap> {
    const { backbone } = withInputSize(this.#spec, window.height, window.width);
    const sized = await this.#sized.at(window);
    const { data: pixels, shape } = pixelsOf(window);
    const embedded = await sized.embed.run({ [visionNames.pixels]: { data: pixels, shape } });
    this.#run.stopwatch('embed');
    const tokens = embedded[visionNames.nextTokens].data;
    const taps = await this.#taps(backbone, sized, tokens);
    const inputs = Object.fromEntries(taps.map((tap, i) => [visionNames.tap(i), tap]));
    const { [visionNames.logits]: logits } = await this.#sessions.head.run({
      ...inputs,
      ...sized.headInputs,
    });
    this.#run.stopwatch('head');
    return mapFrom(logits);
  }

  #taps(
    backbone: PlainMambaTapsSpec | VimTapsSpec,
    { mixer, products }: Sized,
    tokens: Float32Array,
  ): Promise<readonly StageTensor[]> {
    const own = { plan: this.#plan, mixer };
    if (backbone.family === 'plainmamba') {
      const { spec, taps } = backbone;
      const { height, width } = plainMambaGrid(spec);
      const { gelu } = this.#sessions;
      const layers = { ...own, spec, gridCells: height * width, products: products!, gelu };
      return plainMambaTaps(layers, taps, tokens, this.#run);
    }
    const { height, width } = patchGrid(backbone.spec);
    const tables =
      backbone.rope === 'none'
        ? undefined
        : {
            cos: this.#weights.get('backbone.rope.freqs_cos')!.data,
            sin: this.#weights.get('backbone.rope.freqs_sin')!.data,
          };
    const norm = finalNorm(backbone.spec, this.#weights);
    const blocks = { ...own, sessions: this.#sessions.blocks, taps: backbone, gridCells: height * width };
    return vimTaps(blocks, tokens, tables, norm, this.#run);
  }

  async #stagesOf({ height, width }: ImageSize): Promise<Sized> {
    const spec = withInputSize(this.#spec, height, width);
    const { backbone } = spec;
    const grid = backbone.family === 'plainmamba' ? plainMambaGrid(backbone.spec) : patchGrid(backbone.spec);
    const embed =
      backbone.family === 'plainmamba'
        ? plainMambaEmbedStage(backbone.spec, this.#weights)
        : vimEmbedStage(backbone.spec, this.#weights);
    const place = await kernelPlace(this.#threads);
    const weights = blockWeights(backbone, this.#weights);
    const { blocks, projections } = this.#sessions;
    const cells = grid.height * grid.width;
    const mixer = await KernelMixer.create(
      backbone.spec,
      weights,
      this.#plan,
      cells,
      projections,
      this.#threads,
      place,
    );
    return {
      embed: await StageSession.create(embed, this.#threads),
      headInputs: headInputs(spec),
      mixer,
      ...(backbone.family === 'plainmamba' && {
        products: layerProducts(place, backbone.spec, weights, mixer.places, blocks),
      }),
    };
  }

  async dispose(): Promise<void> {
    await this.#sized.dispose();
    const { blocks, projections, gelu, head } = this.#sessions;
    const ofBlocks = blocks.flatMap(({ enter, leave }) => [enter, leave]);
    for (const session of [...ofBlocks, gelu, head]) await session.dispose();
    for (const session of projections) await session.release();
  }
}

/** The inputs of the head that go with an image's size. */
export function headInputs(spec: UperNetSpec): StageInputs {
  const { grid, pooling } = uperHeadInputs(spec);
  return { [visionNames.grid]: { integers: grid }, [visionNames.pooling]: pooling };
}

/** The blocks' weights in the classifier's names: Vim's have no prefix there. */
function blockWeights({ family }: PlainMambaTapsSpec | VimTapsSpec, weights: Weights): Weights {
  const prefix = 'backbone.';
  const own = [...weights].filter(([name]) => name.startsWith(`${prefix}layers.`));
  if (family === 'plainmamba') return new Map(own);
  return new Map(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/** norm_f, an RMSNorm, on rows [cells, d]. */
function finalNorm({ width }: VimSpec, weights: Weights): (sum: Float32Array) => Float32Array {
  const weight = weights.get('backbone.norm_f.weight')!.data;
  return (sum) => {
    const normed = new Float32Array(sum.length);
    for (let row = 0; row < sum.length; row += width) {
      let squares = 0;
      for (let i = 0; i < width; i++) squares += sum[row + i] ** 2;
      const scale = 1 / Math.sqrt(squares / width + 1e-5);
      for (let i = 0; i < width; i++) normed[row + i] = sum[row + i] * scale * weight[i];
    }
    return normed;
  };
}

export function pixelsOf({ channels, height, width, values }: NumberMap): StageTensor {
  const data = values instanceof Float32Array ? values : Float32Array.from(values);
  return { data, shape: [1, channels, height, width] };
}

/** A map of one image. */
export function mapFrom({ data, shape }: StageTensor): NumberMap {
  const [, channels, height, width] = shape;
  return { channels, height, width, values: data };
}
