/**
 * The feature pyramid, f0 … f3 → five levels as rows: ONNX stages around kernels for the levels' 3 x 3 convolutions, or one stage
 * where there are none.
 */
import type { Weights } from '@vssm/core';
import type { DetectorSpec } from '@vssm/vision-tasks';
import {
  coarserLevelsStage,
  lateralsStage,
  pyramidConv,
  pyramidRowsStage,
  visionNames,
} from '@vssm/vision-tasks/graph';
import type { KernelPlace } from './kernel-place.ts';
import { type LevelRows, rowsOfLevel, spareRows } from './level-rows.ts';
import { type MapConvs, mapConvs } from './map-convs.ts';
import { type StageInputs, StageSession } from './stage.ts';

export interface FeaturePyramid {
  /**
   * @param maps f0 … f3 by their names, or f1 … f3
   * @param levels where they go
   * @param scratch see `scratchFor`; byte offset
   */
  run(maps: StageInputs, levels: readonly LevelRows[], scratch: number): Promise<void>;
  dispose(): Promise<void>;
}

export async function featurePyramid(
  spec: DetectorSpec,
  weights: Weights,
  place: KernelPlace,
  threads: number,
): Promise<FeaturePyramid> {
  const session = (model: Uint8Array) => StageSession.create(model, threads);
  if (place.kernels.winograd === undefined) {
    return new SessionPyramid(await session(pyramidRowsStage(spec, weights)));
  }
  const convs: MapConvs[] = [];
  for (let level = 0; level < (spec.kind === 'maskrcnn' ? 4 : 3); level++) {
    convs.push(await mapConvs(place, [pyramidConv(weights, level)], threads));
  }
  const coarser = spec.kind === 'retinanet' ? await session(coarserLevelsStage(spec, weights)) : undefined;
  return new KernelPyramid(await session(lateralsStage(spec, weights)), convs, coarser);
}

/** All in one stage. */
class SessionPyramid implements FeaturePyramid {
  readonly #session: StageSession;

  constructor(session: StageSession) {
    this.#session = session;
  }

  async run(maps: StageInputs, levels: readonly LevelRows[]): Promise<void> {
    const places = levels.map((level, i) => [visionNames.level(i), rowsOfLevel(level)]);
    await this.#session.run(maps, Object.fromEntries(places));
  }

  dispose(): Promise<void> {
    return this.#session.dispose();
  }
}

class KernelPyramid implements FeaturePyramid {
  readonly #laterals: StageSession;
  readonly #convs: readonly MapConvs[];
  /** RetinaNet's two levels beyond the maps; else they are one, every second cell of the one before. */
  readonly #coarser: StageSession | undefined;

  constructor(laterals: StageSession, convs: readonly MapConvs[], coarser: StageSession | undefined) {
    this.#laterals = laterals;
    this.#convs = convs;
    this.#coarser = coarser;
  }

  async run(maps: StageInputs, levels: readonly LevelRows[], scratch: number): Promise<void> {
    const places = this.#convs.map((_, i) => [visionNames.lateral(i), spareRows(levels[i])]);
    await this.#laterals.run(maps, Object.fromEntries(places));
    for (const [i, conv] of this.#convs.entries()) {
      const { height, width, at, spare } = levels[i];
      await conv.run({ maps: 1, height, width }, spare, at, { scratch });
    }
    const last = this.#convs.length - 1;
    if (this.#coarser === undefined) everySecond(levels[last], levels[last + 1]);
    else {
      const { height, width, channels } = levels[last];
      await this.#coarser.run(
        {
          [visionNames.level(2)]: {
            data: rowsOfLevel(levels[last]).data,
            shape: [1, height, width, channels],
          },
        },
        {
          [visionNames.level(3)]: rowsOfLevel(levels[last + 1]),
          [visionNames.level(4)]: rowsOfLevel(levels[last + 2]),
        },
      );
    }
  }

  async dispose(): Promise<void> {
    await this.#laterals.dispose();
    await this.#coarser?.dispose();
    for (const conv of this.#convs) await conv.dispose();
  }
}

function everySecond(from: LevelRows, to: LevelRows): void {
  const [{ data }, { data: target }] = [rowsOfLevel(from), rowsOfLevel(to)];
  const { width, channels } = from;
  for (let row = 0; row < to.height; row++) {
    for (let column = 0; column < to.width; column++) {
      const at = (2 * row * width + 2 * column) * channels;
      target.set(data.subarray(at, at + channels), (row * to.width + column) * channels);
    }
  }
}
