import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './codec.ts';
import { damageOf } from './damage.ts';
import { sha256, testdata, testJson } from './test-support/test-data.ts';

interface MarkerCase {
  readonly input: string;
  /** Place of a byte after 0xff in the data. */
  readonly byte: number;
  /** What Pillow decodes the file to where that byte has one of these values; null: it refuses the file. */
  readonly verdicts: readonly { readonly sha256: string | null; readonly values: readonly number[] }[];
}

const markers = testJson<readonly MarkerCase[]>('damaged/cases.json');
const jpeg = readFileSync(testdata('damaged/sound.jpg'));
const png = readFileSync(testdata('pillow/rgba.png'));
const webp = readFileSync(testdata('pillow/lossy.webp'));

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = value;
  return copy;
}

describe('a marker in the data of a JPEG', () => {
  it.each(markers)(
    'is taken or refused as Pillow does, all 256 of them: $input',
    async ({ input, byte, verdicts }) => {
      const sound = readFileSync(testdata(input));
      expect(verdicts.flatMap(({ values }) => values)).toHaveLength(256);
      for (const { sha256: expected, values } of verdicts) {
        for (const value of values) {
          const seen = await decodeImage(changed(sound, byte, value), 'x.jpg').then(
            (image) => sha256(image.data),
            () => null,
          );
          expect([value, seen]).toEqual([value, expected]);
        }
      }
    },
  );

  it('is named with its file and its place, for either decoder', async () => {
    for (const like of ['pillow', 'opencv'] as const) {
      await expect(decodeImage(changed(jpeg, 9656, 0x2f), 'a/m2f.jpg', like)).rejects.toThrow(
        "image a/m2f.jpg: cannot be decoded (marker 0x2f in the picture's data at byte 9656); fetch the file again",
      );
    }
  });
});

describe('the reason of a refusal', () => {
  const broken = {
    'short.jpg': [jpeg.subarray(0, 5000), 'it ends early'],
    'short.png': [png.subarray(0, png.length - 300), 'it ends early'],
    'bit.png': [changed(png, png.length >> 1, png[png.length >> 1] ^ 1), 'wrong checksum of IDAT'],
    'short.webp': [webp.subarray(0, 200), 'it ends early'],
    'noise.webp': [
      Buffer.concat([webp.subarray(0, 20), Buffer.alloc(webp.length - 20, 0x5a)]),
      'its WebP data is damaged',
    ],
    'noise.jpg': [
      Buffer.concat([
        Buffer.from([0xff, 0xd8, 0xff, 0xfe, 0, 4, 1, 2]),
        Buffer.alloc(500, 0x5a),
        Buffer.from([0xff, 0xd9]),
      ]),
      'its JPEG data is damaged',
    ],
  } as const;

  it.each(Object.entries(broken))('of %s is told from its own bytes', async (name, [bytes, reason]) => {
    await expect(decodeImage(bytes, name)).rejects.toThrow(
      `image ${name}: cannot be decoded (${reason}); fetch`,
    );
  });

  it("is the file's own when many are decoded at once, time after time", async () => {
    const names = Array.from({ length: 200 }, (_, i) => Object.keys(broken)[i % 6] as keyof typeof broken);
    const messages = await Promise.all(
      names.map((name) => decodeImage(broken[name][0], name).then(String, (error: Error) => error.message)),
    );
    expect(messages).toEqual(
      names.map((name) => `image ${name}: cannot be decoded (${broken[name][1]}); fetch the file again`),
    );
  });

  it('is fixed where the structure is whole', () => {
    expect(damageOf(jpeg, 'jpeg')).toBe('its JPEG data is damaged');
    expect(damageOf(png, 'png')).toBe('its PNG data is damaged');
  });
});
