/**
 * Injectors and extractors: what goes into deformable attention and what becomes of it are ONNX stages, the sampling
 * between them is a kernel. One image at a time.
 */
import type { Weights } from '@vssm/core';
import type { Region } from '@vssm/kernels';
import { type AdapterSpec, visionReference } from '@vssm/vision-tasks';
import {
  attentionInputsStage,
  extractorEndStage,
  extractorNames,
  injectorEndStage,
  injectorName,
  visionNames,
} from '@vssm/vision-tasks/graph';
import type { KernelPlace } from './kernel-place.ts';
import { type StageIntegers, StageSession, type StageTensor } from './stage.ts';

/** What serves every size of image, of one attention. */
export interface AttentionSessions {
  readonly inputs: StageSession;
  readonly end: StageSession;
}

/** Of every interaction block; extractors in running order. */
export interface Interactions {
  readonly injectors: readonly AttentionSessions[];
  readonly extractors: readonly (readonly AttentionSessions[])[];
}

export async function interactionSessions(
  adapter: AdapterSpec,
  weights: Weights,
  threads: number,
): Promise<Interactions> {
  const sessions = async (name: string, levels: number, end: Uint8Array): Promise<AttentionSessions> => ({
    inputs: await StageSession.create(attentionInputsStage(adapter, weights, name, levels), threads),
    end: await StageSession.create(end, threads),
  });
  const injectors: AttentionSessions[] = [];
  const extractors: AttentionSessions[][] = [];
  for (const block of adapter.interactions.keys()) {
    const end = injectorEndStage(adapter, weights, block);
    injectors.push(await sessions(injectorName(block), pyramidGridCount, end));
    const own: AttentionSessions[] = [];
    for (const name of extractorNames(adapter, block)) {
      own.push(await sessions(name, 1, extractorEndStage(adapter, weights, name)));
    }
    extractors.push(own);
  }
  return { injectors, extractors };
}

export function allSessions({ injectors, extractors }: Interactions): StageSession[] {
  return [...injectors, ...extractors.flat()].flatMap(({ inputs, end }) => [inputs, end]);
}

/** Strides 8, 16 and 32; the second one's cells are the backbone's own. */
const pyramidGridCount = 3;
const ownLevel = 1;

/** Which levels the values are of. */
export type ValueLevels = 'pyramid' | 'backbone';

/** The attention of an adapter on images of one size. */
export class DeformableAttention {
  /** [3, 2], for stages that read it. */
  readonly grids: StageIntegers;
  /** Centre of every cell as shares of width and height, level after level, [S, 2]. */
  readonly centres: Float32Array;
  /** The same of the backbone's cells. */
  readonly ownCentres: Float32Array;
  readonly #adapter: AdapterSpec;
  readonly #place: KernelPlace;
  readonly #grids: Region<Int32Array>;
  readonly #references: Region<Float32Array>;
  readonly #value: Region<Float32Array>;
  readonly #places: Region<Float32Array>;
  readonly #sampled: Region<Float32Array>;

  /** @param adapter with the image's size */
  constructor(adapter: AdapterSpec, place: KernelPlace) {
    const { arena } = place;
    const { width: d } = adapter.spec;
    const grids = visionReference.pyramidGrids(adapter);
    const cells = grids.map(({ height, width }) => height * width);
    const all = cells.reduce((sum, count) => sum + count, 0);
    const sides = grids.flatMap(({ height, width }) => [height, width]);
    this.grids = { integers: sides, shape: [grids.length, 2] };
    this.centres = Float32Array.from(visionReference.cellCentres(grids).flatMap(({ x, y }) => [x, y]));
    this.ownCentres = this.centres.subarray(2 * cells[0], 2 * (cells[0] + cells[ownLevel]));
    this.#adapter = adapter;
    this.#place = place;
    this.#grids = arena.int32(sides.length);
    this.#grids.view().set(sides);
    this.#references = arena.float32(2 * all);
    this.#value = arena.float32(all * d);
    this.#places = arena.float32(Math.max(all, grids.length * cells[ownLevel]) * this.#columns(1));
    this.#sampled = arena.float32(all * d);
  }

  /**
   * What every query's points find, [Q, d], valid until the next call.
   *
   * @param references [Q, 2], see `centres`
   */
  async sample(
    inputs: StageSession,
    queries: StageTensor,
    references: Float32Array,
    values: StageTensor,
    levels: ValueLevels,
  ): Promise<StageTensor> {
    const { heads, points, spec } = this.#adapter;
    const { width: d } = spec;
    const count = references.length / 2;
    const [first, levelCount] = levels === 'pyramid' ? [0, pyramidGridCount] : [ownLevel, 1];
    const columns = this.#columns(levelCount);
    await inputs.run(
      { [visionNames.queries]: queries, [visionNames.values]: values },
      {
        [visionNames.attentionValue]: rowsIn(this.#value, values.shape[0], d),
        [visionNames.places]: rowsIn(this.#places, count, columns),
      },
    );
    this.#references.view().set(references);
    const { at } = this.#places;
    this.#place.kernels.deformable({
      ...{ queries: count, channels: d, heads, points, levels: levelCount },
      grids: this.#grids.at + 8 * first,
      references: { at: this.#references.at, stride: 2 },
      offsets: { at, stride: columns },
      scores: { at: at + 4 * ((columns / 3) * 2), stride: columns },
      values: { at: this.#value.at, stride: d },
      to: { at: this.#sampled.at, stride: d },
    });
    return rowsIn(this.#sampled, count, d);
  }

  /** Columns of `places`. */
  #columns(levels: number): number {
    return 3 * this.#adapter.heads * levels * this.#adapter.points;
  }
}

function rowsIn(region: Region<Float32Array>, rows: number, width: number): StageTensor {
  return { data: region.view().subarray(0, rows * width), shape: [rows, width] };
}
