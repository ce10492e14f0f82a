/** Where the levels of an image's feature pyramid lie in the kernels' memory: one after the other, cells as rows. */
import { type DetectorSpec, inputSize } from '@vssm/vision-tasks';
import type { KernelPlace } from './kernel-place.ts';
import type { StageTensor } from './stage.ts';

/** One level, valid until the following image. */
export interface LevelRows {
  readonly place: KernelPlace;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Byte offset. */
  readonly at: number;
  /** Of room of the same size: what the level's convolution reads, and what a head makes of the level afterwards. */
  readonly spare: number;
}

/**
 * Takes places for images of one size.
 *
 * @param spec with the image's size
 */
export function placeLevels(spec: DetectorSpec, place: KernelPlace): readonly LevelRows[] {
  const { channels, anchors } = spec;
  const { height, width } = inputSize(spec);
  const sides = anchors.strides.map((stride) => ({
    height: Math.ceil(height / stride),
    width: Math.ceil(width / stride),
  }));
  const all = sides.reduce((sum, side) => sum + side.height * side.width, 0);
  let at = place.arena.float32(all * channels).at;
  let spare = place.arena.float32(all * channels).at;
  return sides.map((side) => {
    const level = { place, ...side, channels, at, spare };
    const bytes = 4 * side.height * side.width * channels;
    at += bytes;
    spare += bytes;
    return level;
  });
}

/** A level's cells, [height · width, channels]: a view that is valid until the memory grows. */
export function rowsOfLevel({ place, at, height, width, channels }: LevelRows): StageTensor {
  return rowsAt(place, at, height * width, channels);
}

/** The same of its spare room. */
export function spareRows(level: LevelRows): StageTensor {
  return rowsOfLevel({ ...level, at: level.spare });
}

/** Rows in the kernels' memory, a view that is valid until it grows. */
export function rowsAt({ arena }: KernelPlace, at: number, count: number, width: number): StageTensor {
  return { data: new Float32Array(arena.memory.buffer, at, count * width), shape: [count, width] };
}
