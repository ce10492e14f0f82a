/** Fuzz target: pickles as they lie in PyTorch's zip files; the file around them is always sound. */
import { writeFileSync } from 'node:fs';
import { readCheckpoint } from '../checkpoint.ts';
import * as p from '../testing/pickle-writer.ts';
import { testdata } from '../testing/test-data.ts';
import { zipParts } from '../testing/zip-parts.ts';
import { writeZip } from '../testing/zip-writer.ts';

const parts = await zipParts(testdata('layouts-zip.pth'));
const isPickle = (name: string) => name.endsWith('/data.pkl');

/** Needs no storage, so that the other seed's serve both. */
const empty = p.tensor({ key: 'absent', elements: 0, shape: [0], stride: [1] });

export const seeds = {
  'layouts-zip': parts.find(({ name }) => isPickle(name))!.data,
  'of a trainer': p.pickle(
    p.dict({
      model: p.dict({ cls_token: empty, pos_embed: empty }),
      args: p.call(p.global('argparse', 'Namespace'), p.list(p.int(1), p.text('two'), p.none)),
    }),
  ),
};

export const words = [
  '(',
  ')',
  '}',
  ']',
  '.',
  '0',
  '2',
  'N',
  't',
  'u',
  'R',
  'b',
  'Q',
  '\x81',
  '\x85',
  '\x87',
  '\x88',
  '\x93',
  '\x94',
  'J\xff\xff\xff\x7f',
  'X\xff\xff\xff\xff',
  '\x8e\xff\xff\xff\xff\xff\xff\xff\x7f',
  'cos\nsystem\n',
  'cbuiltins\neval\n',
  'ctorch\nFloatStorage\n',
  'ctorch._utils\n_rebuild_tensor_v2\n',
  'ccollections\nOrderedDict\n',
  'h\x00',
  'q\x00',
  'K\x00',
];

export async function read({ bytes, path }: { bytes: Buffer; path: string }): Promise<void> {
  const contents = parts.map((part) => (isPickle(part.name) ? { ...part, data: bytes } : part));
  writeFileSync(path, writeZip(contents));
  await readCheckpoint(path);
}
