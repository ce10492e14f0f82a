/** Damaged files of every format: each is read, or refused with a UserError, and soon. */
import { readFileSync } from 'node:fs';
import { splitmix64, UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from './checkpoint.ts';
import * as p from './testing/pickle-writer.ts';
import { temporaryFiles, testdata } from './testing/temporary-file.ts';
import { writeTorchZip } from './testing/zip-writer.ts';

const temporary = temporaryFiles();
const mutants = 250;

/** Small enough that a hit in data that nobody checks is rare. */
const seeds: Record<string, Buffer> = {
  'a zip by PyTorch': readFileSync(testdata('layouts-zip.pth')),
  'a legacy file by PyTorch': readFileSync(testdata('layouts-legacy.pth')),
  "a trainer's pickle": writeTorchZip(trainerPickle()),
  'a safetensors header': readFileSync(testdata('a_vim_micro.safetensors')).subarray(0, 9696),
};

function trainerPickle(): Buffer {
  const weight = p.tensor({ elements: 0, shape: [0], stride: [1] });
  return p.pickle(
    p.dict({
      model: p.dict({ cls_token: weight, pos_embed: weight }),
      args: p.call(p.global('argparse', 'Namespace'), p.list(p.int(1), p.text('two'), p.none)),
    }),
  );
}

describe.each(Object.entries(seeds))('mutants of %s', (_, original) => {
  it(`are read or refused with a UserError (${mutants} of them)`, { timeout: 60_000 }, async () => {
    let refused = 0;
    for (let seed = 0; seed < mutants; seed++) {
      const path = await temporary('mutant', mutate(original, seed));
      try {
        await readCheckpoint(path);
      } catch (error) {
        expect(error, `seed ${seed}`).toBeInstanceOf(UserError);
        refused++;
      }
    }
    // Some damage hits bytes that nobody asks for; most does not.
    expect(refused).toBeGreaterThan(mutants / 2);
  });
});

/** One to four changes: a byte replaced, bytes removed, repeated or zeroed, an integer set to an extreme. */
function mutate(original: Buffer, seed: number): Buffer {
  let state = BigInt(seed);
  const random = (below: number) => {
    state = splitmix64(state);
    return Number(state % BigInt(Math.max(1, below)));
  };
  let bytes = Buffer.from(original);
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = random(bytes.length);
    const length = 1 + random(Math.min(64, bytes.length - at));
    switch (random(6)) {
      case 0:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
        break;
      case 2:
        bytes.fill(0, at, at + length);
        break;
      case 3:
        bytes.fill(0xff, at, at + Math.min(8, length));
        break;
      default:
        bytes[at] = random(256);
    }
  }
  return bytes;
}
