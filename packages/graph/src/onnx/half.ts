/** Half precision as weights are stored in it: binary16 of IEEE 754. */
import { UserError } from '@vssm/core';

/** The largest number that is finite. */
const largest = 65_504;
/** Half of the distance from there to what would be next. */
const overflow = largest + 16;
/** The least of those with all 11 bits, and the distance between the smaller ones. */
const leastNormal = 2 ** -14;
const step = 2 ** -24;

/**
 * float32 numbers as binary16, to the nearest, of two the even one.
 *
 * @param name of the tensor, for messages
 * @returns the bits
 * @throws UserError for a number beyond ±65,504, or none
 */
export function halfBits(numbers: Float32Array, name: string): Uint16Array {
  const bits = new Uint16Array(numbers.length);
  for (let at = 0; at < numbers.length; at++) {
    const number = numbers[at];
    const size = Math.abs(number);
    if (!(size < overflow)) {
      throw new UserError(
        `${name}: holds ${number}, and half precision ends at ±${largest.toLocaleString('en')}; it has to be float32`,
      );
    }
    const sign = number < 0 || Object.is(number, -0) ? 0x8000 : 0;
    bits[at] = sign | (size < leastNormal ? toEven(size / step) : normalBits(size));
  }
  return bits;
}

/** Exponent and ten bits of mantissa; a mantissa that rounds up to 2 raises the exponent, as the bits' sum does. */
function normalBits(size: number): number {
  const exponent = Math.floor(Math.log2(size));
  // log2 may round up to the next power of two.
  const own = 2 ** exponent > size ? exponent - 1 : exponent;
  return ((own + 15) << 10) + toEven((size / 2 ** own - 1) * 1024);
}

function toEven(number: number): number {
  const below = Math.floor(number);
  const rest = number - below;
  if (rest !== 0.5) return Math.round(number);
  return below + (below & 1);
}
