import { describe, expect, it } from 'vitest';
import { memory } from '../byte-source.ts';
import { findStateDict } from '../state-dict.ts';
import * as p from '../test-support/pickle-writer.ts';
import { openTorchLegacy } from './legacy-file.ts';
import { readTensors } from './read-tensors.ts';

const magic = p.pickle(Buffer.from('8a0a6cfc9c46f9206aa85019', 'hex'));
const version = p.pickle(p.int(1001));
const little = p.pickle(p.dict({ little_endian: Buffer.from([0x88]) }));
const big = p.pickle(p.dict({ little_endian: Buffer.from([0x89]) }));

const weight = p.tensor({ elements: 6, shape: [2], stride: [1] });
const values = [0, 1, 2, 3, 4, 5];

function legacy(
  root: Uint8Array,
  { head = [magic, version, little], keys = ['0'], count = 6n, data = Float32Array.from(values) } = {},
) {
  const counted = Buffer.alloc(8);
  counted.writeBigInt64LE(count);
  const bytes = Buffer.from(data.buffer);
  return memory(
    Buffer.concat([...head, p.pickle(root), p.pickle(p.list(...keys.map(p.text))), counted, bytes]),
  );
}

async function read(file: ReturnType<typeof memory>) {
  const archive = await openTorchLegacy(file);
  return (await readTensors(archive, findStateDict(archive.root).tensors)).tensors;
}

describe('openTorchLegacy', () => {
  it('applies the offset of a storage view, as files before PyTorch 0.4 have it', async () => {
    const viewed = p.tensor({ elements: 6, view: [2, 3], offset: 1, shape: [2], stride: [1] });
    expect([...(await read(legacy(p.dict({ viewed })))).get('viewed')!.data]).toEqual([3, 4]);
    const beyond = p.tensor({ elements: 6, view: [2, 3], offset: 2, shape: [2], stride: [1] });
    await expect(read(legacy(p.dict({ beyond })))).rejects.toThrow('beyond its storage of 3 elements');
    const outside = p.tensor({ elements: 6, view: [4, 3], shape: [1], stride: [1] });
    await expect(read(legacy(p.dict({ outside })))).rejects.toThrow('view that lies outside');
  });

  it('reads pickles that are longer than the first piece of the file', async () => {
    const root = p.dict({ note: p.text('x'.repeat(600_000)), model: p.dict({ weight }) });
    expect([...(await read(legacy(root))).get('weight')!.data]).toEqual([0, 1]);
  });

  it.each([
    [
      'does not begin with its magic number',
      legacy(p.dict({ weight }), { head: [version, version, little] }),
    ],
    ['another version', legacy(p.dict({ weight }), { head: [magic, magic, little] })],
    ['byte order is "big"', legacy(p.dict({ weight }), { head: [magic, version, big] })],
    ['belongs to no tensor', legacy(p.dict({ weight }), { keys: ['0', '1'] })],
    ['is missing', legacy(p.dict({ weight }), { keys: [] })],
    ['has 7 elements where its tensors have 6', legacy(p.dict({ weight }), { count: 7n })],
    ['has -1 elements', legacy(p.dict({ weight }), { count: -1n })],
    ['truncated or corrupt', legacy(p.dict({ weight }), { data: Float32Array.of(1, 2) })],
  ])('refuses a file that %s', async (problem, file) => {
    await expect(read(file)).rejects.toThrow(problem);
  });
});
