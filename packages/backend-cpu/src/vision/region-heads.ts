/**
 * Mask R-CNN's heads on regions: the kernels' RoIAlign, 3 x 3 convolutions, an ONNX stage. Some regions at a time, so that their
 * maps stay in the caches.
 */
import type { Weights } from '@vssm/core';
import type { Region } from '@vssm/kernels';
import {
  boxRoiSize,
  type MaskRcnnSpec,
  maskRoiSize,
  type RegionOutputs,
  regionLevels,
  roiLevels,
} from '@vssm/vision-tasks';
import {
  boxConvs,
  boxOutputsStage,
  type MapConv,
  maskConvs,
  maskOutputsStage,
  visionNames,
} from '@vssm/vision-tasks/graph';
import type { KernelPlace } from './kernel-place.ts';
import { type LevelRows, rowsAt } from './level-rows.ts';
import { type MapConvs, mapConvs, scratchFor } from './map-convs.ts';
import { type StageInputs, type StageOutputs, StageSession } from './stage.ts';

/** Cells of regions at a time: 6.4 MB of 256 channels. */
const cellsAtOnce = 6272;

/** RoIAlign of some regions, then convolutions; and the stage that reads what they leave. */
class RegionStages {
  readonly #spec: MaskRcnnSpec;
  readonly #place: KernelPlace;
  readonly #side: number;
  readonly #convs: MapConvs;
  readonly #grids: Region<Int32Array>;
  readonly #boxes: Region<Float32Array>;
  readonly #boxLevels: Region<Int32Array>;
  readonly #maps: readonly Region<Float32Array>[];
  readonly #scratch: Region<Float32Array>;
  readonly #outputs: StageSession;

  static async create(
    spec: MaskRcnnSpec,
    place: KernelPlace,
    side: number,
    convs: readonly MapConv[],
    outputs: Uint8Array,
    threads: number,
  ): Promise<RegionStages> {
    const opened = await mapConvs(place, convs, threads);
    return new RegionStages(spec, place, side, opened, await StageSession.create(outputs, threads));
  }

  constructor(spec: MaskRcnnSpec, place: KernelPlace, side: number, convs: MapConvs, outputs: StageSession) {
    const { arena } = place;
    this.#spec = spec;
    this.#place = place;
    this.#side = side;
    this.#convs = convs;
    this.#outputs = outputs;
    this.#grids = arena.int32(3 * roiLevels);
    this.#boxes = arena.float32(4 * this.most);
    this.#boxLevels = arena.int32(this.most);
    const cells = this.most * side ** 2;
    this.#maps = [arena.float32(cells * spec.channels), arena.float32(cells * spec.channels)];
    this.#scratch = arena.float32(scratchFor(place, spec.channels));
  }

  /** Regions at a time. */
  get most(): number {
    return Math.floor(cellsAtOnce / this.#side ** 2);
  }

  /**
   * @param regions [n, 4] in input pixels, n at most `most`
   * @param to byte offset of [n · side · side, channels]
   */
  async convolve(levels: readonly LevelRows[], regions: Float64Array, to: number): Promise<void> {
    const { channels, anchors } = this.#spec;
    const count = regions.length / 4;
    const own = levels.slice(0, roiLevels);
    const sides = own.flatMap(({ height, width }, level) => [height, width, anchors.strides[level]]);
    // The levels lie one after the other.
    this.#grids.view().set(sides);
    this.#boxes.view().set(regions);
    this.#boxLevels.view().set(regionLevels(regions));
    const [aligned, spare] = this.#maps;
    this.#place.kernels.roiAlign({
      ...{ regions: count, channels, side: this.#side, levels: roiLevels, grids: this.#grids.at },
      ...{ boxes: this.#boxes.at, boxLevels: this.#boxLevels.at },
      values: { at: levels[0].at, stride: channels },
      to: { at: aligned.at, stride: channels },
    });
    const size = { maps: count, height: this.#side, width: this.#side };
    await this.#convs.run(size, aligned.at, to, { spare: spare.at, scratch: this.#scratch.at });
  }

  /** @param features byte offset of [rows, width], which `convolve` has left */
  read(features: number, rows: number, width: number, others: StageInputs = {}): Promise<StageOutputs> {
    return this.#outputs.run({ [visionNames.maps]: rowsAt(this.#place, features, rows, width), ...others });
  }

  async dispose(): Promise<void> {
    await this.#convs.dispose();
    await this.#outputs.dispose();
  }
}

export class BoxHead {
  readonly #spec: MaskRcnnSpec;
  readonly #stages: RegionStages;
  /** [proposals, 49 · channels] */
  readonly #features: Region<Float32Array>;

  static async create(
    spec: MaskRcnnSpec,
    weights: Weights,
    place: KernelPlace,
    threads: number,
  ): Promise<BoxHead> {
    const [convs, outputs] = [boxConvs(weights), boxOutputsStage(spec, weights)];
    const stages = await RegionStages.create(spec, place, boxRoiSize, convs, outputs, threads);
    return new BoxHead(spec, place, stages);
  }

  constructor(spec: MaskRcnnSpec, { arena }: KernelPlace, stages: RegionStages) {
    this.#spec = spec;
    this.#stages = stages;
    this.#features = arena.float32(spec.proposals.perImage * boxRoiSize ** 2 * spec.channels);
  }

  /** @param regions [n, 4] in input pixels, as many as there are proposals at most */
  async run(levels: readonly LevelRows[], regions: Float64Array): Promise<RegionOutputs> {
    const count = regions.length / 4;
    const { perImage } = this.#spec.proposals;
    if (count > perImage) throw new Error(`${count} regions, there is room for ${perImage}`);
    const width = boxRoiSize ** 2 * this.#spec.channels;
    const { most } = this.#stages;
    for (let first = 0; first < count; first += most) {
      const some = regions.subarray(4 * first, 4 * (first + most));
      await this.#stages.convolve(levels, some, this.#features.at + 4 * first * width);
    }
    const outputs = await this.#stages.read(this.#features.at, count, width);
    return {
      scores: outputs[visionNames.regionScores].data,
      deltas: outputs[visionNames.regionDeltas].data,
    };
  }

  dispose(): Promise<void> {
    return this.#stages.dispose();
  }
}

export class MaskHead {
  readonly #spec: MaskRcnnSpec;
  readonly #stages: RegionStages;
  /** Of some regions, [n · 196, channels]. */
  readonly #features: Region<Float32Array>;

  static async create(
    spec: MaskRcnnSpec,
    weights: Weights,
    place: KernelPlace,
    threads: number,
  ): Promise<MaskHead> {
    const [convs, outputs] = [maskConvs(weights), maskOutputsStage(spec, weights)];
    const stages = await RegionStages.create(spec, place, maskRoiSize, convs, outputs, threads);
    return new MaskHead(spec, place, stages);
  }

  constructor(spec: MaskRcnnSpec, { arena }: KernelPlace, stages: RegionStages) {
    this.#spec = spec;
    this.#stages = stages;
    this.#features = arena.float32(stages.most * maskRoiSize ** 2 * spec.channels);
  }

  /** Mask logits of each region's own class, [n, 28, 28]. */
  async run(levels: readonly LevelRows[], regions: Float64Array, labels: Int32Array): Promise<Float32Array> {
    const cells = (2 * maskRoiSize) ** 2;
    const masks = new Float32Array(labels.length * cells);
    const { most } = this.#stages;
    for (let first = 0; first < labels.length; first += most) {
      const some = labels.subarray(first, first + most);
      await this.#stages.convolve(levels, regions.subarray(4 * first, 4 * (first + most)), this.#features.at);
      const rows = some.length * maskRoiSize ** 2;
      const outputs = await this.#stages.read(this.#features.at, rows, this.#spec.channels, {
        [visionNames.labels]: { integers: some },
      });
      masks.set(outputs[visionNames.masks].data, first * cells);
    }
    return masks;
  }

  dispose(): Promise<void> {
    return this.#stages.dispose();
  }
}
