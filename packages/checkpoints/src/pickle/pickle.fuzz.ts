/** Fuzz target: pickles as they lie in PyTorch's zip files; the file around them is always sound. */
import { writeFileSync } from 'node:fs';
import { readCheckpoint } from '../checkpoint.ts';
import * as p from '../test-support/pickle-writer.ts';
import { testdata } from '../test-support/test-data.ts';
import { zipParts } from '../test-support/zip-parts.ts';
import { writeZip } from '../test-support/zip-writer.ts';

const parts = await zipParts(testdata('layouts-zip.pth'));
const isPickle = (name: string) => name.endsWith('/data.pkl');

/** Needs no storage, so that the other seed's serve both. */
const nothing: p.TensorOptions = { key: 'absent', elements: 0, shape: [0], stride: [1] };
const empty = p.tensor(nothing);
const getattr = (object: Uint8Array, name: string) =>
  p.call(p.global('builtins', 'getattr'), object, p.text(name));

export const seeds = {
  'of a wrapped model with an EMA hook, negated tensors and methods': p.pickle(
    p.dict({
      state_dict: p.dict({
        'module._orig_mod.layers.0.mixer.D': p.tensor({ ...nothing, metadata: p.dict({ neg: p.yes }) }),
        'module._orig_mod.patch_embed.proj.bias': p.tensor({ ...nothing, metadata: p.dict({ conj: p.no }) }),
        'module._orig_mod.ema_layers_0_mixer_D': empty,
        'model.layers.0.mixer.D': empty,
        n_averaged: p.int(3),
      }),
      args: p.list(getattr(getattr(p.global('my', 'Outer'), 'Inner'), 'member'), getattr(p.list(), 'append')),
    }),
  ),
  'layouts-zip': parts.find(({ name }) => isPickle(name))!.data,
  'of a trainer': p.pickle(
    p.dict({
      model: p.dict({ cls_token: empty, pos_embed: empty }),
      args: p.call(p.global('argparse', 'Namespace'), p.list(p.int(1), p.text('two'), p.none)),
    }),
  ),
};

export const words = [
  'cbuiltins\ngetattr\n',
  'X\x03\x00\x00\x00neg',
  'X\x04\x00\x00\x00conj',
  'X\x0b\x00\x00\x00__globals__',
  'X\x0a\x00\x00\x00_orig_mod.',
  '\x92',
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
