/** Mask R-CNN and RetinaNet on the CPU: the PlainMamba by segments and kernels, everything else as ONNX stages. */
import type { PruningPlan, Weights } from '@vssm/core';
import { plainMambaGrid } from '@vssm/families';
import {
  type AnchorMaps,
  type AnchorStages,
  type DetectorSpec,
  type MaskRcnnSpec,
  type MaskRcnnStages,
  type NumberMap,
  pyramidLevels,
  type RegionOutputs,
  type RetinaNetSpec,
  regionLevels,
  roiLevels,
  withInputSize,
} from '@vssm/vision-tasks';
import {
  adapterMapsStage,
  boxHeadStage,
  extractorStage,
  featurePyramidStage,
  injectorStage,
  maskHeadStage,
  plainMambaEmbedStage,
  proposalStage,
  retinaStage,
  spatialPriorStage,
  visionNames,
} from '@vssm/vision-tasks/graph';
import {
  adapterStreams,
  type ImageRun,
  type Interactions,
  type PyramidPlaces,
  pyramidPlaces,
} from './backbones.ts';
import { type BlockSessions, geluSession, plainMambaSessions } from './blocks.ts';
import { KernelMixer, projectionSessions } from './kernel-mixer.ts';
import { mapFrom, pixelsOf, type VisionOptions } from './segmenter.ts';
import { type ImageSize, OneSize, type SizedStages } from './sized.ts';
import { type StageInputs, StageSession, type StageTensor } from './stage.ts';

/** What serves every size of image. */
interface Sessions extends Interactions {
  readonly blocks: readonly BlockSessions[];
  readonly projections: readonly StageSession[];
  readonly gelu: StageSession;
  readonly prior: StageSession;
  readonly maps: StageSession;
  readonly pyramid: StageSession;
  readonly anchors: StageSession;
  /** Mask R-CNN's heads on regions. */
  readonly regions?: { readonly boxes: StageSession; readonly masks: StageSession };
}

/** What depends on the size of the image. */
interface Sized extends SizedStages {
  readonly places: PyramidPlaces;
}

/** One image at a time; sessions that depend on an image's size are made anew when it changes. */
export class CpuDetector<Spec extends DetectorSpec> implements AnchorStages {
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

  async pyramid(image: NumberMap): Promise<readonly NumberMap[]> {
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
      sessions: this.#sessions.blocks,
      gelu: this.#sessions.gelu,
    };
    const { c, x } = await adapterStreams(
      layers,
      backbone,
      this.#sessions,
      sized.places,
      embedded[visionNames.nextTokens].data,
      prior[visionNames.pyramidTokens],
      this.#run,
    );
    const maps = await this.#sessions.maps.run({
      [visionNames.c1]: prior[visionNames.c1],
      [visionNames.pyramidTokens]: c,
      [visionNames.tokens]: x,
      [visionNames.pyramidGrids]: sized.places.grids,
    });
    this.#run.stopwatch('maps');
    const first = this.#spec.kind === 'maskrcnn' ? 0 : 1;
    const used = [0, 1, 2, 3].slice(first).map((i) => [visionNames.map(i), maps[visionNames.map(i)]]);
    const levels = await this.#sessions.pyramid.run(Object.fromEntries(used));
    this.#run.stopwatch('pyramid');
    return every(pyramidLevels, (i) => mapFrom(levels[visionNames.level(i)]));
  }

  async anchors(levels: readonly NumberMap[]): Promise<readonly AnchorMaps[]> {
    const outputs = await this.#sessions.anchors.run(levelInputs(levels));
    this.#run.stopwatch('anchors');
    return levels.map((_, i) => ({
      scores: mapFrom(outputs[visionNames.scores(i)]),
      deltas: mapFrom(outputs[visionNames.deltas(i)]),
    }));
  }

  async boxes(levels: readonly NumberMap[], regions: Float64Array): Promise<RegionOutputs> {
    const { order, inputs } = byLevel(regions);
    const outputs = await this.#regions().boxes.run({
      ...levelInputs(levels.slice(0, roiLevels)),
      ...inputs,
    });
    this.#run.stopwatch('boxes');
    return {
      scores: inOriginalOrder(outputs[visionNames.regionScores].data, order),
      deltas: inOriginalOrder(outputs[visionNames.regionDeltas].data, order),
    };
  }

  async masks(
    levels: readonly NumberMap[],
    regions: Float64Array,
    labels: Int32Array,
  ): Promise<Float32Array> {
    const { order, inputs } = byLevel(regions);
    const outputs = await this.#regions().masks.run({
      ...levelInputs(levels.slice(0, roiLevels)),
      ...inputs,
      [visionNames.labels]: { integers: order.map((i) => labels[i]) },
    });
    this.#run.stopwatch('masks');
    return inOriginalOrder(outputs[visionNames.masks].data, order);
  }

  #regions(): NonNullable<Sessions['regions']> {
    const { regions } = this.#sessions;
    if (regions === undefined) throw new Error(`${this.#spec.kind} has no heads on regions`);
    return regions;
  }

  async #stagesOf({ height, width }: ImageSize): Promise<Sized> {
    const { backbone } = withInputSize<DetectorSpec>(this.#spec, height, width);
    const grid = plainMambaGrid(backbone.spec);
    return {
      embed: await StageSession.create(plainMambaEmbedStage(backbone.spec, this.#weights), this.#threads),
      places: pyramidPlaces(backbone),
      mixer: await KernelMixer.create(
        backbone.spec,
        layerWeights(this.#weights),
        this.#plan,
        grid.height * grid.width,
        this.#sessions.projections,
        this.#threads,
      ),
    };
  }

  async dispose(): Promise<void> {
    await this.#sized.dispose();
    const { blocks, projections, gelu, injectors, extractors, prior, maps, pyramid, anchors, regions } =
      this.#sessions;
    const ofBlocks = blocks.flatMap(({ enter, leave }) => [enter, leave]);
    const sessions = [...ofBlocks, ...projections, gelu, ...injectors, ...extractors, prior, maps, pyramid];
    if (regions !== undefined) sessions.push(regions.boxes, regions.masks);
    for (const session of [...sessions, anchors]) await session.dispose();
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
  const injectors: StageSession[] = [];
  const extractors: StageSession[] = [];
  for (const block of backbone.interactions.keys()) {
    injectors.push(await session(injectorStage(backbone, weights, block)));
    extractors.push(await session(extractorStage(backbone, weights, block)));
  }
  return {
    injectors,
    extractors,
    blocks: await plainMambaSessions(backbone.spec, weights, threads),
    projections: await projectionSessions(backbone.spec, layerWeights(weights), plan, threads),
    gelu: await geluSession(backbone.spec.width, threads),
    prior: await session(spatialPriorStage(backbone, weights)),
    maps: await session(adapterMapsStage(backbone, weights)),
    pyramid: await session(featurePyramidStage(spec, weights)),
    anchors: await session(anchorStage(spec, weights)),
    ...(spec.kind === 'maskrcnn' && {
      regions: {
        boxes: await session(boxHeadStage(spec, weights)),
        masks: await session(maskHeadStage(spec, weights)),
      },
    }),
  };
}

export type CpuMaskRcnn = CpuDetector<MaskRcnnSpec> & MaskRcnnStages;
export type CpuRetinaNet = CpuDetector<RetinaNetSpec>;

function anchorStage(spec: DetectorSpec, weights: Weights): Uint8Array {
  switch (spec.kind) {
    case 'maskrcnn':
      return proposalStage(spec, weights);
    case 'retinanet':
      return retinaStage(spec, weights);
    default:
      throw spec satisfies never;
  }
}

function layerWeights(weights: Weights): Weights {
  return new Map([...weights].filter(([name]) => name.startsWith('backbone.layers.')));
}

function levelInputs(levels: readonly NumberMap[]): StageInputs {
  return Object.fromEntries(levels.map((level, i) => [visionNames.level(i), pixelsOf(level)]));
}

/** The regions of each level as inputs, and which region stands where in the outputs. */
function byLevel(regions: Float64Array): { readonly order: readonly number[]; readonly inputs: StageInputs } {
  const levels = [...regionLevels(regions)];
  const own = every(roiLevels, (level) => levels.flatMap((at, i) => (at === level ? [i] : [])));
  const inputs = own.map((indices, level): [string, StageTensor] => {
    const data = Float32Array.from(indices.flatMap((i) => [...regions.subarray(4 * i, 4 * i + 4)]));
    return [visionNames.regions(level), { data, shape: [indices.length, 4] }];
  });
  return { order: own.flat(), inputs: Object.fromEntries(inputs) };
}

/** Rows that came level after level, back to the regions' order. */
function inOriginalOrder(rows: Float32Array, order: readonly number[]): Float32Array {
  const width = rows.length / order.length;
  const sorted = new Float32Array(rows.length);
  for (const [at, region] of order.entries()) {
    sorted.set(rows.subarray(at * width, (at + 1) * width), region * width);
  }
  return sorted;
}

function every<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}
