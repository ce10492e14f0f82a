import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from './checkpoint.ts';
import { readSafetensors } from './safetensors/read.ts';
import { writeSafetensors } from './safetensors/write.ts';
import * as p from './test-support/pickle-writer.ts';
import { temporaryFiles, testdata } from './test-support/temporary-file.ts';
import { zipParts } from './test-support/zip-parts.ts';
import { writeTorchZip, writeZip } from './test-support/zip-writer.ts';

const temporary = temporaryFiles();
const shipped = join(import.meta.dirname, '../../../datasets/fashion-mnist/vim-nano-fmnist.pth');

describe('a checkpoint saved from inside wrappers', () => {
  it.each(['orig-mod', 'module-model', 'fsdp'])('gives the model: wrapped-%s.pkl', async (name) => {
    const data = readFileSync(testdata(`wrapped-${name}.pkl`));
    const contents = (await zipParts(shipped)).map((part) =>
      part.name.endsWith('/data.pkl') ? { ...part, data } : part,
    );
    const wrapped = await readCheckpoint(await temporary(`${name}.pth`, writeZip(contents)));
    const plain = await readCheckpoint(shipped);
    expect(wrapped.tensors).toEqual(plain.tensors);
  });

  it('gives the same from safetensors', async () => {
    const { tensors } = await readCheckpoint(testdata('trainer-zip.pth'));
    const renamed = new Map([...tensors].map(([name, tensor]) => [`module._orig_mod.${name}`, tensor]));
    const path = await temporary('wrapped.safetensors', new Uint8Array());
    await writeSafetensors(path, renamed);
    expect((await readCheckpoint(path)).tensors).toEqual(tensors);
    expect((await readSafetensors(path)).tensors).toEqual(renamed);
  });
});

describe('--key', () => {
  const tensor = (key: string) => p.tensor({ key, elements: 1, shape: [1], stride: [1] });
  const model = (prefix: string, key: string) => ({
    [`${prefix}layers.0.mixer.D`]: tensor(key),
    [`${prefix}patch_embed.proj.bias`]: tensor(key),
  });
  const reading = async (root: Parameters<typeof p.dict>[0], key?: string) => {
    const bytes = writeTorchZip(p.pickle(p.dict(root)), { 0: [1], 1: [2] });
    const options = key === undefined ? {} : { key };
    return (await readCheckpoint(await temporary(`${Math.random()}.pth`, bytes), options)).tensors;
  };

  it('chooses among the names of a state dict what no entry is called', async () => {
    const both = { ...model('module.', '0'), ...model('model.', '1') };
    await expect(reading({ state_dict: p.dict(both) })).rejects.toThrow(
      'choose with --key module or --key model',
    );
    for (const root of [both, { state_dict: p.dict(both) }]) {
      expect((await reading(root, 'module')).get('layers.0.mixer.D')!.data[0]).toBe(1);
      expect((await reading(root, 'model')).get('layers.0.mixer.D')!.data[0]).toBe(2);
    }
    expect((await reading({ state_dict: p.dict(both) }, 'state_dict.model')).size).toBe(2);
  });

  it('is refused where neither has it', async () => {
    const root = { state_dict: p.dict(model('', '0')), epoch: p.int(1) };
    for (const key of ['gone', 'state_dict.gone', 'ema', 'epoch']) {
      await expect(reading(root, key), key).rejects.toThrow(`no state dict under "${key}"; at its top level`);
    }
    await expect(reading({ epoch: p.int(1) }, 'gone')).rejects.toThrow('no state dict under "gone"');
  });
});
