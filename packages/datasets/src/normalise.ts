/** From 8-bit levels to the numbers that a model reads, in float32 arithmetic. */
import type { RgbImage } from './image.ts';

export interface Normalisation {
  /** 1: the first of three equal channels; 3: red, green, blue. */
  readonly channels: 1 | 3;
  /** White: 1 where levels are divided by 255 first (torchvision), 255 where they are not (mmcv). */
  readonly white: 1 | 255;
  /** Per channel, of values in 0 … `white`. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * Pixels as the model reads them, [C, height, width]: (value - mean) / std, and zeros to the right of the picture
 * and below it where more is asked for than it has.
 */
export function normalise(
  image: RgbImage,
  normalisation: Normalisation,
  height: number = image.height,
  width: number = image.width,
): Float32Array {
  const { channels } = normalisation;
  const pixels = new Float32Array(channels * height * width);
  for (let channel = 0; channel < channels; channel++) {
    const values = normalisedLevels(normalisation, channel);
    for (let row = 0; row < image.height; row++) {
      let from = row * image.width * 3 + channel;
      let to = (channel * height + row) * width;
      for (let column = 0; column < image.width; column++, from += 3) pixels[to++] = values[image.data[from]];
    }
  }
  return pixels;
}

/**
 * The normalised value of each of the 256 levels. In 0 … 1 every step is rounded, as `ToTensor` and `Normalize`
 * do; in 0 … 255 the difference is rounded, then multiplied by 1 / std in double precision and rounded again, as
 * mmcv's `imnormalize` does through OpenCV's `subtract` and `multiply`.
 */
function normalisedLevels({ white, mean, std }: Normalisation, channel: number): Float32Array {
  const { fround } = Math;
  const average = fround(mean[channel]);
  const spread = std[channel];
  return Float32Array.from({ length: 256 }, (_, level) =>
    white === 255
      ? fround(fround(level - average) * (1 / spread))
      : fround(fround(fround(level / 255) - average) / fround(spread)),
  );
}
