/** Mask R-CNN and RetinaNet on the CPU: the PlainMamba by segments and kernels, everything else as ONNX stages. */
import type { PruningPlan, Weights } from '@vssm/core';
import { plainMambaGrid } from '@vssm/families';
import type { ArenaMark } from '@vssm/kernels';
import {
  type AnchorMaps,
  type AnchorStages,
  type DetectorSpec,
  type MaskRcnnSpec,
  type MaskRcnnStages,
  type NumberMap,
  type RegionOutputs,
  type RetinaNetSpec,
  withInputSize,
} from '@vssm/vision-tasks';
import {
  adapterMapsStage,
  plainMambaEmbedStage,
  spatialPriorStage,
  visionNames,
} from '@vssm/vision-tasks/graph';
import type { InferenceSession } from 'onnxruntime-node';
import { type AnchorHead, anchorHead } from './anchor-heads.ts';
import { allSessions, DeformableAttention, type Interactions, interactionSessions } from './attention.ts';
import { adapterStreams, type ImageRun } from './backbones.ts';
import { type BlockSessions, geluSession, plainMambaSessions } from './block-sessions.ts';
import { KernelMixer, projectionSessions } from './kernel-mixer.ts';
import { type KernelPlace, kernelPlace } from './kernel-place.ts';
import { type LayerProducts, layerProducts } from './layer-products.ts';
import { type LevelRows, placeLevels } from './level-rows.ts';
import { scratchFor } from './map-convs.ts';
import { type FeaturePyramid, featurePyramid } from './pyramid.ts';
import { BoxHead, MaskHead } from './region-heads.ts';
import { pixelsOf, type VisionOptions } from './segmenter.ts';
import { type ImageSize, OneSize, type SizedStages } from './sized.ts';
import { StageSession } from './stage.ts';

/** What serves every size of image. */
interface Sessions {
  readonly interactions: Interactions;
  readonly blocks: readonly BlockSessions[];
  readonly projections: readonly InferenceSession[];
  readonly gelu: StageSession;
  readonly prior: StageSession;
  readonly maps: StageSession;
  readonly heads: Heads;
}

/** All behind the backbone, and attention: kernels among stages, in one memory. */
interface Heads {
  readonly place: KernelPlace;
  readonly pyramid: FeaturePyramid;
  readonly anchors: AnchorHead;
  /** Mask R-CNN's heads on regions. */
  readonly regions?: { readonly boxes: BoxHead; readonly masks: MaskHead };
  /** Of the convolutions; byte offset. */
  readonly scratch: number;
  /** Behind it is what depends on the image's size. */
  readonly mark: ArenaMark;
}

/** What depends on the size of the image. */
interface Sized extends SizedStages {
  readonly attention: DeformableAttention;
  readonly levels: readonly LevelRows[];
  readonly products: LayerProducts;
}

/** One image at a time; sessions that depend on an image's size are made anew when it changes. */
export class CpuDetector<Spec extends DetectorSpec> implements AnchorStages<LevelRows> {
  readonly #spec: Spec;
  readonly #weights: Weights;
  readonly #plan: PruningPlan;
  readonly #threads: number;
  #run: ImageRun;
  readonly #sessions: Sessions;
  readonly #sized: OneSize<Sized>;

  /** @param sample stable index of the image, see `forSample` */
  static async create<Spec extends DetectorSpec>(
    spec: Spec,
    weights: Weights,
    plan: PruningPlan,
    { threads, stopwatch = () => {}, kept = () => {} }: VisionOptions,
    sample = 0,
  ): Promise<CpuDetector<Spec>> {
    const sessions = await createSessions(spec, weights, plan, threads);
    return new CpuDetector(spec, weights, plan, threads, { sample, stopwatch, kept }, sessions);
  }

  constructor(
    spec: Spec,
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

  /** Levels are valid until the next call. */
  async pyramid(image: NumberMap): Promise<readonly LevelRows[]> {
    const { backbone } = withInputSize(this.#spec, image.height, image.width);
    const sized = await this.#sized.at(image);
    const pixels = { [visionNames.pixels]: pixelsOf(image) };
    this.#run.stopwatch('embed');
    const embedded = await sized.embed.run(pixels);
    this.#run.stopwatch('embed');
    const prior = await this.#sessions.prior.run(pixels);
    this.#run.stopwatch('spatial prior');
    const { height, width } = plainMambaGrid(backbone.spec);
    const layers = {
      spec: backbone.spec,
      plan: this.#plan,
      gridCells: height * width,
      mixer: sized.mixer,
      products: sized.products,
      gelu: this.#sessions.gelu,
    };
    const { c, x } = await adapterStreams(
      layers,
      backbone,
      this.#sessions.interactions,
      sized.attention,
      embedded[visionNames.nextTokens].data,
      prior[visionNames.pyramidTokens],
      this.#run,
    );
    const maps = await this.#sessions.maps.run({
      [visionNames.c1]: prior[visionNames.c1],
      [visionNames.pyramidTokens]: c,
      [visionNames.tokens]: x,
      [visionNames.pyramidGrids]: sized.attention.grids,
    });
    this.#run.stopwatch('maps');
    const first = this.#spec.kind === 'maskrcnn' ? 0 : 1;
    const used = [0, 1, 2, 3].slice(first).map((i) => [visionNames.map(i), maps[visionNames.map(i)]]);
    const { pyramid, scratch } = this.#sessions.heads;
    await pyramid.run(Object.fromEntries(used), sized.levels, scratch);
    this.#run.stopwatch('pyramid');
    return sized.levels;
  }

  async anchors(levels: readonly LevelRows[]): Promise<readonly AnchorMaps[]> {
    const { anchors, scratch } = this.#sessions.heads;
    const found = await anchors.run(levels, scratch);
    this.#run.stopwatch('anchors');
    return found;
  }

  async boxes(levels: readonly LevelRows[], regions: Float64Array): Promise<RegionOutputs> {
    const outputs = await this.#regions().boxes.run(levels, regions);
    this.#run.stopwatch('boxes');
    return outputs;
  }

  async masks(
    levels: readonly LevelRows[],
    regions: Float64Array,
    labels: Int32Array,
  ): Promise<Float32Array> {
    const masks = await this.#regions().masks.run(levels, regions, labels);
    this.#run.stopwatch('masks');
    return masks;
  }

  #regions(): NonNullable<Heads['regions']> {
    const { regions } = this.#sessions.heads;
    if (regions === undefined) throw new Error(`${this.#spec.kind} has no heads on regions`);
    return regions;
  }

  async #stagesOf({ height, width }: ImageSize): Promise<Sized> {
    const spec = withInputSize<DetectorSpec>(this.#spec, height, width);
    const { backbone } = spec;
    const grid = plainMambaGrid(backbone.spec);
    const own = await kernelPlace(this.#threads);
    const weights = layerWeights(this.#weights);
    const mixer = await KernelMixer.create(
      backbone.spec,
      weights,
      this.#plan,
      grid.height * grid.width,
      this.#sessions.projections,
      this.#threads,
      own,
    );
    const { place, mark, anchors } = this.#sessions.heads;
    place.arena.release(mark);
    const levels = placeLevels(spec, place);
    anchors.takeRoom(levels);
    return {
      embed: await StageSession.create(plainMambaEmbedStage(backbone.spec, this.#weights), this.#threads),
      attention: new DeformableAttention(backbone, place),
      levels,
      mixer,
      products: layerProducts(own, backbone.spec, weights, mixer.places, this.#sessions.blocks),
    };
  }

  async dispose(): Promise<void> {
    await this.#sized.dispose();
    const { blocks, projections, gelu, interactions, prior, maps, heads } = this.#sessions;
    const ofBlocks = blocks.flatMap(({ enter, leave }) => [enter, leave]);
    const { pyramid, anchors, regions } = heads;
    const others = [pyramid, anchors, ...(regions === undefined ? [] : [regions.boxes, regions.masks])];
    const sessions = [...ofBlocks, gelu, ...allSessions(interactions), prior, maps, ...others];
    for (const session of sessions) await session.dispose();
    for (const session of projections) await session.release();
  }
}

async function createSessions(
  spec: DetectorSpec,
  weights: Weights,
  plan: PruningPlan,
  threads: number,
): Promise<Sessions> {
  const { backbone } = spec;
  const session = (model: Uint8Array) => StageSession.create(model, threads);
  return {
    interactions: await interactionSessions(backbone, weights, threads),
    blocks: await plainMambaSessions(backbone.spec, weights, threads),
    projections: await projectionSessions(backbone.spec, layerWeights(weights), plan, threads),
    gelu: await geluSession(backbone.spec.width, threads),
    prior: await session(spatialPriorStage(backbone, weights)),
    maps: await session(adapterMapsStage(backbone, weights)),
    heads: await createHeads(spec, weights, threads),
  };
}

async function createHeads(spec: DetectorSpec, weights: Weights, threads: number): Promise<Heads> {
  const place = await kernelPlace(threads);
  const { arena } = place;
  const pyramid = await featurePyramid(spec, weights, place, threads);
  const anchors = await anchorHead(spec, weights, place, threads);
  const regions =
    spec.kind === 'maskrcnn'
      ? {
          boxes: await BoxHead.create(spec, weights, place, threads),
          masks: await MaskHead.create(spec, weights, place, threads),
        }
      : undefined;
  const scratch = arena.float32(scratchFor(place, spec.channels)).at;
  return {
    ...{ place, pyramid, anchors, scratch, mark: arena.mark() },
    ...(regions !== undefined && { regions }),
  };
}

export type CpuMaskRcnn = CpuDetector<MaskRcnnSpec> & MaskRcnnStages<LevelRows>;
export type CpuRetinaNet = CpuDetector<RetinaNetSpec>;

function layerWeights(weights: Weights): Weights {
  return new Map([...weights].filter(([name]) => name.startsWith('backbone.layers.')));
}
