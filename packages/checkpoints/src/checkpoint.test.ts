import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { float32, UserError } from '@vssm/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readCheckpoint } from './checkpoint.ts';
import { sha256File, writeSafetensors } from './index.ts';
import * as p from './test-support/pickle-writer.ts';
import { temporaryFiles, testdata } from './test-support/temporary-file.ts';
import { zipParts } from './test-support/zip-parts.ts';
import { writeTorchZip, writeZip } from './test-support/zip-writer.ts';

const temporary = temporaryFiles();
const shipped = join(import.meta.dirname, '../../../datasets/fashion-mnist/vim-nano-fmnist.pth');

describe('readCheckpoint', () => {
  it('reads the shipped checkpoint, whose note gives its checksum', async () => {
    const checkpoint = await readCheckpoint(shipped);
    expect(checkpoint).toMatchObject({
      path: shipped,
      format: 'pth-zip',
      bytes: 723568,
      sha256: '65b28680b631afbf89b73a21dbe360552b8a05386f41e9ff5fd651bb219cdf17',
      ignored: ['epoch: beside the state dict "model"'],
    });
    expect(await sha256File(shipped)).toBe(checkpoint.sha256);
  });

  it.each(['pth-zip', 'pth-legacy'] as const)(
    'reads every layout and type that torch.save writes (%s)',
    async (format) => {
      const name = format.replace('pth-', 'layouts-');
      const checkpoint = await readCheckpoint(testdata(`${name}.pth`));
      expect(checkpoint.format).toBe(format);
      const expected: Record<string, { shape: number[]; data: number[] }> = JSON.parse(
        readFileSync(testdata('layouts.json'), 'utf8'),
      );
      expect([...checkpoint.tensors.keys()]).toEqual(Object.keys(expected));
      for (const [tensor, { shape, data }] of Object.entries(expected)) {
        expect(checkpoint.tensors.get(tensor)!.shape, tensor).toEqual(shape);
        expect([...checkpoint.tensors.get(tensor)!.data], tensor).toEqual(data);
      }
      expect(Object.fromEntries(checkpoint.integers)).toEqual({ i64: 'I64', i32: 'I32', bool: 'BOOL' });
      expect(checkpoint.ignored).toContain('i64: an integer buffer (I64)');
    },
  );

  it.each(['zip', 'legacy'])('finds the model in what a trainer saves (%s)', async (format) => {
    const path = testdata(`trainer-${format}.pth`);
    const checkpoint = await readCheckpoint(path);
    expect(checkpoint.tensors.size).toBe(41);
    expect(checkpoint.ignored.map((note) => note.split(':')[0])).toEqual([
      ...['optimizer', 'lr_scheduler', 'epoch', 'model_ema', 'scaler', 'args'],
    ]);
    const averaged = await readCheckpoint(path, { key: 'model_ema' });
    const weight = checkpoint.tensors.get('head.weight')!.data;
    expect([...averaged.tensors.get('head.weight')!.data]).toEqual([...weight].map((value) => value / 2));
  });

  it('reads the same from both formats', async () => {
    const [zip, legacy] = await Promise.all(
      ['zip', 'legacy'].map((format) => readCheckpoint(testdata(`trainer-${format}.pth`))),
    );
    expect(legacy.tensors).toEqual(zip.tensors);
  });

  it('takes only names under model. where there are any', async () => {
    const checkpoint = await readCheckpoint(testdata('prefixed-zip.pth'));
    expect(checkpoint.ignored).toEqual([
      'criterion.weight: not under "model."',
      'bn.num_batches_tracked: an integer buffer (I64)',
    ]);
  });

  it('does the same in safetensors', async () => {
    const checkpoint = await readCheckpoint(testdata('a_vim_micro.safetensors'));
    expect(checkpoint).toMatchObject({ format: 'safetensors', bytes: 819528 });
    expect(checkpoint.tensors.size).toBe(75);
    expect(checkpoint.ignored).toContain('logits_f64: not under "model."');
    expect(checkpoint.ignored).toHaveLength(30);
  });

  it('takes --key for a prefix in safetensors', async () => {
    const path = testdata('a_vim_micro.safetensors');
    expect([...(await readCheckpoint(path, { key: 'block0.fwd' })).tensors.keys()].sort()).toEqual([
      ...['B', 'C', 'delta', 'out_z', 'x_conv', 'y', 'z'],
    ]);
    await expect(readCheckpoint(path, { key: 'gone' })).rejects.toThrow('no tensors under "gone."');
  });

  it.each(['zip', 'legacy', 'pickle-0', 'pickle-2', 'pickle-4'])(
    'refuses what asks for os.system by name (attack-%s.pth)',
    async (format) => {
      const path = testdata(`attack-${format}.pth`);
      const reading = readCheckpoint(path);
      await expect(reading).rejects.toThrow(`checkpoint ${path}: asks for "posix.system"`);
      await expect(reading).rejects.toThrow(UserError);
    },
  );

  it('refuses a name that is only imported, never called', async () => {
    const model = p.dict({ w: p.tensor({ elements: 1, shape: [1], stride: [1] }) });
    const root = p.dict({ model, note: p.global('builtins', 'eval') });
    await expect(reading(writeTorchZip(p.pickle(root), { 0: [1] }))).rejects.toThrow('"builtins.eval"');
  });

  it.each(['mmengine-epoch', 'module-code'])('reads what honest trainers save: %s', async (name) => {
    const parts = await zipParts(shipped);
    const data = readFileSync(testdata(`${name}.pkl`));
    const contents = parts.map((part) => (part.name.endsWith('/data.pkl') ? { ...part, data } : part));
    const { tensors } = await reading(writeZip(contents));
    expect(tensors).toEqual((await readCheckpoint(shipped)).tensors);
  });

  it.each([
    ['mmcv', (names: Buffer) => p.dict({ CLASSES: names })],
    ['mmengine', (names: Buffer) => p.dict({ dataset_meta: p.dict({ classes: names }) })],
    ['an early mmengine', (names: Buffer) => p.dict({ dataset_meta: p.dict({ CLASSES: names }) })],
  ])('reads the class names that %s notes', async (_, metaOf) => {
    const model = p.dict({ w: p.tensor({ elements: 1, shape: [1], stride: [1] }) });
    const meta = metaOf(p.tuple(p.text('cat'), p.text('dog')));
    const { classes } = await reading(
      writeTorchZip(p.pickle(p.dict({ state_dict: model, meta })), { 0: [1] }),
    );
    expect(classes).toEqual(['cat', 'dog']);
  });

  it.each([
    ['names', '["cat","dog"]', ['cat', 'dog']],
    ['no list', '{"cat":1}', undefined],
    ['no names', '[1,2]', undefined],
    ['no JSON', 'cat', undefined],
  ])(
    'reads the class names that the metadata of a safetensors file list, and past %s',
    async (_, text, names) => {
      const path = join(mkdtempSync(join(tmpdir(), 'vssm-classes-')), 'model.safetensors');
      onTestFinished(() => rmSync(join(path, '..'), { recursive: true }));
      await writeSafetensors(path, new Map([['w', float32([1], Float32Array.of(2))]]), { classes: text });
      const { classes } = await readCheckpoint(path);
      expect(classes).toEqual(names);
    },
  );

  it('reads past enumerations, nested classes and namesakes of modules in the saved arguments', async () => {
    const getattr = (object: Uint8Array, name: string) =>
      p.call(p.global('__builtin__', 'getattr'), object, p.text(name));
    const args = p.dict({
      // As CPython 3.11.0 to 3.11.3 saves a member.
      reduction: getattr(p.global('losses', 'Reduction'), 'mean'),
      // As protocols 2 and 3 save an instance of a nested class.
      head: p.call(getattr(p.global('models', 'Vim'), 'Head')),
      machine: p.call(p.global('platform', 'uname_result'), p.text('Linux')),
      parser: p.call(p.global('commands.train', 'Args')),
      worker: p.call(p.global('x.os', 'Worker')),
      limits: p.call(p.global('resource', 'Limits')),
      method: getattr(p.list(), 'append'),
    });
    const model = p.dict({ w: p.tensor({ elements: 1, shape: [1], stride: [1] }) });
    const { tensors, ignored } = await reading(writeTorchZip(p.pickle(p.dict({ model, args })), { 0: [7] }));
    expect([...tensors.get('w')!.data]).toEqual([7]);
    expect(ignored).toEqual(['args: beside the state dict "model"']);
  });

  it('reads a model that 1,200,000 numbers stand beside', async () => {
    const model = p.dict({ w: p.tensor({ elements: 1, shape: [1], stride: [1] }) });
    const history = p.list(Buffer.alloc(9 * 1_200_000, 'G\x3f\xf8\0\0\0\0\0\0', 'latin1'));
    const { tensors } = await reading(writeTorchZip(p.pickle(p.dict({ model, history })), { 0: [7] }));
    expect([...tensors.get('w')!.data]).toEqual([7]);
  });

  it('refuses a placeholder that the state dict holds, however deep, by its name', async () => {
    await expect(readCheckpoint(testdata('module-zip.pth'))).rejects.toThrow('"__main__.Norm"');
    const weight = p.tensor({ elements: 1, shape: [1], stride: [1] });
    const hidden = p.list(p.dict({ deep: p.call(p.global('argparse', 'Namespace')) }));
    for (const root of [
      p.dict({ w: weight, extra: hidden }),
      p.dict({ model: p.dict({ w: weight, hidden }) }),
    ]) {
      await expect(reading(writeTorchZip(p.pickle(root), { 0: [1] }))).rejects.toThrow(
        '"argparse.Namespace"',
      );
    }
  });

  it('takes model before state_dict before model_ema, and --key before all', async () => {
    const one = (key: string) => p.dict({ [key]: p.tensor({ key, elements: 1, shape: [1], stride: [1] }) });
    const root = {
      model_ema: one('c'),
      state_dict: one('b'),
      model: one('a'),
      nested: p.dict({ d: one('d') }),
    };
    const storages = { a: [1], b: [2], c: [3], d: [4] };
    const read = async (entries: Record<string, Uint8Array>, key?: string) => {
      const path = await temporary('order.pth', writeTorchZip(p.pickle(p.dict(entries)), storages));
      return [...(await readCheckpoint(path, key === undefined ? {} : { key })).tensors.keys()];
    };
    expect(await read(root)).toEqual(['a']);
    expect(await read({ ...root, model: p.text('vim_tiny') })).toEqual(['b']);
    expect(await read({ model_ema: root.model_ema, epoch: p.int(3) })).toEqual(['c']);
    expect(await read(root, 'model_ema')).toEqual(['c']);
    expect(await read(root, 'nested.d')).toEqual(['d']);
    await expect(read(root, 'gone')).rejects.toThrow(
      'no state dict under "gone"; at its top level are "model_ema"',
    );
  });

  it.each([
    ['is empty', Buffer.alloc(0)],
    ['is no checkpoint', Buffer.from('hello, world')],
    ['is no checkpoint', Buffer.from('collections are nice\n')],
    ['is a Git LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\n')],
    ['is not a complete zip archive', Buffer.from('PK\x03\x04 and no more')],
    ['0 entries named data.pkl', writeZip([{ name: 'word/document.xml', data: Buffer.from('<x/>') }])],
    ['is a pickle, but not one that torch.save wrote', p.pickle(p.dict({}))],
    ['holds no dictionary', writeTorchZip(p.pickle(p.int(3)))],
    ['holds no state dict', writeTorchZip(p.pickle(p.dict({ epoch: p.int(3) })))],
    ['TorchScript', torchScript()],
    ['byte order is "big"', bigEndian()],
  ])('says what is wrong: %s', async (problem, bytes) => {
    await expect(reading(bytes)).rejects.toThrow(problem);
  });

  it('says when there is no file, or a folder', async () => {
    await expect(readCheckpoint('/nowhere/x.pth')).rejects.toThrow('checkpoint /nowhere/x.pth: no such file');
    await expect(readCheckpoint(import.meta.dirname)).rejects.toThrow(/is (a folder, )?not a file/);
  });

  it('says when a file was cut, wherever that was', async () => {
    for (const name of ['trainer-zip.pth', 'trainer-legacy.pth', 'a_vim_micro.safetensors']) {
      const bytes = readFileSync(testdata(name));
      for (const share of [0.01, 0.3, 0.9, 0.999]) {
        const cut = bytes.subarray(0, Math.floor(bytes.length * share));
        await expect(reading(cut), `${name} ${share}`).rejects.toThrow(
          /truncated|not a complete zip archive/,
        );
      }
    }
  });

  it('says which tensor a flipped bit is in', async () => {
    const bytes = readFileSync(shipped);
    bytes[bytes.indexOf('FB', 20_000) + 500] ^= 1;
    await expect(reading(bytes)).rejects.toThrow(/the data of tensor ".*" do not match their checksum/);
  });
});

describe('tensors that lie', () => {
  const honest: p.TensorOptions = { elements: 6, shape: [2, 3], stride: [3, 1] };
  it.each<[string, Partial<p.TensorOptions>]>([
    ['reaches beyond its storage of 6 elements', { shape: [3, 3] }],
    ['reaches beyond its storage of 6 elements', { offset: 1 }],
    ['reaches beyond its storage of 6 elements', { stride: [4, 1] }],
    [
      'reaches beyond its storage of 6 elements',
      { shape: [0x7fffffff, 0x7fffffff], stride: [0x7fffffff, 1] },
    ],
    ['malformed shape', { shape: [-2, 3] }],
    ['malformed shape', { stride: [-3, 1] }],
    ['malformed shape', { stride: [1] }],
    ['malformed shape', { offset: -1 }],
    ['has 24 bytes where its tensors have 28', { elements: 7 }],
    ['has 24 bytes where its tensors have 12', { elements: 6, storage: 'HalfStorage' }],
    ['stored as QInt8Storage', { storage: 'QInt8Storage' }],
    ['stored as C64', { storage: 'ComplexFloatStorage' }],
    ['unknown class', { storage: 'SecretStorage' }],
    ['"archive/data/1" is missing', { key: '1' }],
    ['"archive/data/../0" is missing', { key: '../0' }],
    ['would take', { shape: [0x7fffffff, 6], stride: [0, 1] }],
    ['would take', { shape: [1000, 1000], stride: [0, 0] }],
    ['metadata "conj", whose meaning is unknown here', { metadata: p.dict({ conj: p.yes }) }],
    ['metadata "neg", whose', { metadata: p.dict({ neg: p.int(1) }) }],
    ['metadata "npu_format"', { metadata: p.dict({ neg: p.yes, npu_format: p.no }) }],
    ['metadata that are no dictionary', { metadata: p.list(p.text('neg')) }],
  ])('are refused: %s %o', async (problem, change) => {
    const root = p.dict({ weight: p.tensor({ ...honest, ...change }) });
    await expect(reading(writeTorchZip(p.pickle(root), { 0: [1, 2, 3, 4, 5, 6] }))).rejects.toThrow(problem);
  });

  it('may share a storage, which is then read once', async () => {
    const root = p.dict({
      whole: p.tensor(honest),
      tied: p.tensor(honest),
      row: p.tensor({ ...honest, offset: 3, shape: [3], stride: [1] }),
    });
    const { tensors } = await reading(writeTorchZip(p.pickle(root), { 0: [1, 2, 3, 4, 5, 6] }));
    expect(tensors.get('tied')!.data.buffer).toBe(tensors.get('whole')!.data.buffer);
    expect([...tensors.get('row')!.data]).toEqual([4, 5, 6]);
  });

  it('takes the sign that a lazily negated view leaves to be applied, and leaves others of its storage alone', async () => {
    const neg = p.dict({ neg: p.yes });
    const columns = { offset: 1, shape: [2, 2], stride: [1, 3] };
    const root = p.dict({
      plain: p.tensor({ ...honest, metadata: p.dict({ neg: p.no, conj: p.no }) }),
      negated: p.tensor({ ...honest, metadata: neg }),
      both: p.tensor({ ...honest, ...columns, metadata: neg }),
      none: p.tensor({ ...honest, metadata: p.none }),
    });
    const { tensors } = await reading(writeTorchZip(p.pickle(root), { 0: [1, 2, 3, 4, 5, 6] }));
    const values = Object.fromEntries([...tensors].map(([name, { data }]) => [name, [...data]]));
    expect(values).toEqual({
      plain: [1, 2, 3, 4, 5, 6],
      negated: [-1, -2, -3, -4, -5, -6],
      both: [-2, -5, -3, -6],
      none: [1, 2, 3, 4, 5, 6],
    });
  });

  it('cannot be many to make a small file large', async () => {
    const views = Object.fromEntries(
      Array.from({ length: 400 }, (_, i) => [
        `w${i}`,
        p.tensor({ elements: 10_000, shape: [100, 100], stride: [1, 100] }),
      ]),
    );
    const storage = Array.from({ length: 10_000 }, () => 1);
    await expect(reading(writeTorchZip(p.pickle(p.dict(views)), { 0: storage }))).rejects.toThrow(
      'would take',
    );
  });
});

async function reading(bytes: Uint8Array) {
  return readCheckpoint(await temporary(`${Math.random()}.pth`, bytes));
}

function torchScript(): Buffer {
  return writeZip(['x/data.pkl', 'x/constants.pkl'].map((name) => ({ name, data: p.pickle(p.dict({})) })));
}

function bigEndian(): Buffer {
  return writeZip([
    { name: 'x/data.pkl', data: p.pickle(p.dict({})) },
    { name: 'x/byteorder', data: Buffer.from('big') },
  ]);
}
