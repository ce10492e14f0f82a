/**
 * Damage, drawn from a number: the same number always gives the same mutant. One to four changes, each of a kind
 * that broken disks, broken programs or attackers make.
 */
import { splitmix64 } from '@vssm/core';

/** Whole numbers below a bound, one after another, from splitmix64. */
function dice(seed: number): (below: number) => number {
  let state = BigInt(seed);
  return (below) => {
    state = splitmix64(state);
    return Number(state % BigInt(Math.max(1, below)));
  };
}

/** Where lengths, counts and offsets break: signs, powers of two, and one beside them. */
const extremes: readonly bigint[] = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0xffffn,
  0x10000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_fffen,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x1f_ffff_ffff_ffffn,
  0x7fff_ffff_ffff_ffffn,
  0xffff_ffff_ffff_ffffn,
];

/** What stands for a number in text. */
const extremeNumbers: readonly string[] = [
  '0',
  '-1',
  '1',
  '255',
  '65536',
  '2147483647',
  '-2147483648',
  '4294967296',
  '9007199254740993',
  '1e308',
  '1e999',
  '-0',
  '0.5',
  'NaN',
  'null',
  'true',
  '""',
  '[]',
  '{}',
];

/** @param words pieces that mean something in the format */
export function mutate(original: Uint8Array, seed: number, words: readonly string[] = []): Buffer {
  const random = dice(seed);
  let bytes: Buffer = Buffer.from(original);
  for (let changes = 1 + random(4); changes > 0; changes--) bytes = change(bytes, random, words);
  return bytes;
}

function change(bytes: Buffer, random: (below: number) => number, words: readonly string[]): Buffer {
  if (bytes.length === 0) return Buffer.of(random(256));
  const at = random(bytes.length);
  const length = 1 + random(Math.min(64, bytes.length - at));
  const splice = (from: number, to: number, piece: Uint8Array) =>
    Buffer.concat([bytes.subarray(0, from), piece, bytes.subarray(to)]);
  switch (random(10)) {
    case 0:
      return splice(at, at + length, Buffer.alloc(0));
    case 1:
      return splice(at, at, bytes.subarray(at, at + length));
    case 2:
      return bytes.subarray(0, at);
    case 3:
      bytes.fill(random(2) === 0 ? 0 : 0xff, at, at + Math.min(16, length));
      return bytes;
    case 4:
      return splice(at, at + [1, 2, 4, 8][random(4)], extreme(random));
    case 5:
      return replaceNumber(bytes, at, extremeNumbers[random(extremeNumbers.length)]);
    case 6: {
      const from = random(bytes.length);
      return splice(at, at + length, bytes.subarray(from, from + length));
    }
    case 7:
      if (words.length > 0) return splice(at, at, Buffer.from(words[random(words.length)], 'latin1'));
      return splice(at, at, Buffer.alloc(length, bytes[at]));
    case 8:
      bytes[at] ^= 1 << random(8);
      return bytes;
    default:
      bytes[at] = random(256);
      return bytes;
  }
}

/** One of the extremes in 1, 2, 4 or 8 bytes, either end first. */
function extreme(random: (below: number) => number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(extremes[random(extremes.length)]);
  const piece = bytes.subarray(0, [1, 2, 4, 8][random(4)]);
  return random(2) === 0 ? piece : Buffer.from(piece).reverse();
}

/** Puts other text for the first number in the text from a place on. */
function replaceNumber(bytes: Buffer, at: number, text: string): Buffer {
  const rest = bytes.toString('latin1', at);
  const match = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(rest);
  if (match === null) return bytes;
  const from = at + match.index;
  return Buffer.concat([
    bytes.subarray(0, from),
    Buffer.from(text, 'latin1'),
    bytes.subarray(from + match[0].length),
  ]);
}
