/**
 * The 8-bit picture that travels from a decoder through resize and crop: RGB, row-major, interleaved,
 * `data[(y * width + x) * 3 + channel]`.
 */

export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** `width * height * 3` bytes. */
  readonly data: Uint8Array;
}

/** A picture from one grey value per pixel. */
export function fromGrey(width: number, height: number, grey: Uint8Array): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0, at = 0; pixel < grey.length; pixel++) {
    const value = grey[pixel];
    data[at++] = value;
    data[at++] = value;
    data[at++] = value;
  }
  return { width, height, data };
}

/**
 * The grey picture of an RGB one, as Pillow's `convert('L')`: ITU-R 601 luma in 16-bit fixed point, rounded.
 * A pixel with three equal channels keeps its value.
 */
export function toGrey(image: RgbImage): RgbImage {
  const { width, height, data } = image;
  const grey = new Uint8Array(width * height);
  for (let pixel = 0, at = 0; pixel < grey.length; pixel++, at += 3) {
    grey[pixel] = (data[at] * 19595 + data[at + 1] * 38470 + data[at + 2] * 7471 + 0x8000) >> 16;
  }
  return fromGrey(width, height, grey);
}
