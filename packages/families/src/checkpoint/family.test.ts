/** Whose a file is: by whoever loads it, by its tensors, by its name, else the first family that has such tensors. */
import { fileURLToPath } from 'node:url';
import { type Checkpoint, readCheckpoint } from '@vssm/checkpoints';
import { float32, sizeOf, type Tensor } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { type MambaRegSpec, mambaRegParameters, mambaRegSpec } from '../mambareg/spec.ts';
import { videoMambaModels } from '../videomamba/spec.ts';
import { vimModels, vimParameters, vimSpec } from '../vim/spec.ts';
import { loadModel } from './load.ts';

const small = { width: 32, depth: 2, stateSize: 4, patchSize: 4, stride: 4, classes: 7 };
const image = { imageHeight: 16, imageWidth: 16 };
const zeros = (...shape: number[]) => float32(shape, new Float32Array(sizeOf(shape)));

function checkpoint(
  path: string,
  shapes: ReadonlyMap<string, readonly number[]>,
  more: readonly (readonly [string, readonly number[]])[] = [],
): Checkpoint {
  const tensors = new Map<string, Tensor<Float32Array>>();
  for (const [name, shape] of [...shapes, ...more]) tensors.set(name, zeros(...shape));
  return { path, format: 'pth-zip', sha256: '', bytes: 0, tensors, integers: new Map(), ignored: [] };
}

const golden = (file: string) =>
  readCheckpoint(fileURLToPath(new URL(`../../../backend/testdata/${file}`, import.meta.url)));

describe('the family of Vim’s tensors', () => {
  const shapes = vimParameters(vimSpec({ ...small, ...image }));
  const of = (path: string, options = {}, more: Parameters<typeof checkpoint>[2] = []) => {
    const { spec, familyFrom } = loadModel(checkpoint(path, shapes, more), options);
    return [spec.family, familyFrom];
  };

  it.each([
    ['vim_t_midclstok_76p1acc.pth', 'vim', 'file name'],
    ['/data/videomamba_t16_in1k_res224.pth', 'videomamba', 'file name'],
    ['videomamba_s16_in1k_res224to448.pth', 'videomamba', 'file name'],
    ['/videomamba_models/mine.pth', 'vim', 'default'],
    ['checkpoint.pth', 'vim', 'default'],
  ])('in %s is %s, by %s', (path, family, from) => {
    expect(of(path)).toEqual([family, from]);
  });

  it.each([
    ['vim_t.pth', 'videomamba', ['videomamba', 'metadata']],
    ['videomamba_t16.pth', 'vim', ['vim', 'metadata']],
    ['videomamba_t16.pth', 'plainmamba', ['videomamba', 'file name']],
    ['model.safetensors', 'resnet', ['vim', 'default']],
  ])('in %s that notes %s is %j', (path, family, expected) => {
    const { spec, familyFrom } = loadModel({ ...checkpoint(path, shapes), family });
    expect([spec.family, familyFrom]).toEqual(expected);
  });

  it('is what whoever loads it says, whatever the name', () => {
    expect(of('vim_t.pth', { family: 'videomamba' })).toEqual(['videomamba', 'asked']);
    expect(of('videomamba_t16.pth', { family: 'vim' })).toEqual(['vim', 'asked']);
  });

  it('is VideoMamba’s where its training left a head, which is ignored by name', () => {
    const head = [
      ['distill_head.0.weight', [8]],
      ['distill_head.1.bias', [8]],
    ] as const;
    expect(of('vim_t.pth', {}, head)).toEqual(['videomamba', 'tensors']);
    expect(loadModel(checkpoint('x.pth', shapes, head)).ignored).toEqual([
      'distill_head.0.weight: a head for distillation, which no logit depends on',
      'distill_head.1.bias: a head for distillation, which no logit depends on',
    ]);
  });

  it('is VideoMamba’s of the one published size that is nobody else’s', () => {
    const { width, depth } = videoMambaModels['videomamba-middle'];
    const own = vimParameters(vimSpec({ ...small, ...image, width, depth }));
    expect(loadModel(checkpoint('x.pth', own))).toMatchObject({
      spec: { family: 'videomamba' },
      familyFrom: 'tensors',
    });
    for (const spec of Object.values(vimModels)) {
      const size = { width: spec.width, depth: spec.depth };
      const shapesOf = vimParameters(vimSpec({ ...small, ...image, ...size }));
      expect(loadModel(checkpoint('x.pth', shapesOf)).familyFrom).toBe('default');
    }
  });

  it('is refused by name for models of video', () => {
    const frames = [['temporal_pos_embedding', [1, 8, 32]]] as const;
    for (const family of [undefined, 'videomamba', 'vim'] as const) {
      const options = family === undefined ? {} : { family };
      expect(() => of('videomamba_t16_k400_f8_res224.pth', options, frames)).toThrow(
        'is a VideoMamba for video (it has "temporal_pos_embedding"), which takes clips of frames',
      );
    }
  });
});

describe('a VideoMamba as upstream saves it', () => {
  it('has its weights under "model"', async () => {
    const { spec, familyFrom } = loadModel(await golden('f_videomamba_micro.pth'), { family: 'videomamba' });
    expect(spec).toMatchObject({ family: 'videomamba', width: 48, depth: 4, imageHeight: 32, stride: 8 });
    expect(familyFrom).toBe('asked');
  });
});

describe('a Mamba-Reg', () => {
  const spec = mambaRegSpec({ ...small, ...image, registers: 4, reduction: 2 });
  const load = (
    own: MambaRegSpec,
    options = {},
    change: (shapes: Map<string, readonly number[]>) => void = () => {},
  ) => {
    const shapes = new Map(mambaRegParameters(own));
    change(shapes);
    return loadModel(checkpoint('x.pth', shapes), options);
  };

  it('is known by its tensors, registers and neck inferred', () => {
    for (const reduction of [1, 2, 4]) {
      expect(load({ ...spec, reduction })).toMatchObject({
        spec: { ...spec, reduction },
        familyFrom: 'tensors',
      });
    }
  });

  it('is read as its trainer saves it, options and averaged weights left out', async () => {
    const file = await golden('g2_mambareg_micro_rect.pth');
    const imageSize = { height: 32, width: 48 };
    const { spec: own, ignored } = loadModel(file, { imageSize });
    expect(own).toMatchObject({ family: 'mambareg', width: 48, depth: 6, registers: 4, reduction: 2 });
    expect(ignored.join()).toContain('args');
    expect(ignored.join()).toContain('model_ema');
  });

  it('says where the patches’ grid is not told, and refuses patches that overlap', () => {
    const wide = { ...spec, imageHeight: 8, imageWidth: 36 };
    expect(() => load(wide)).toThrow('18 patches, which is no square; say how they lie with --grid HxW');
    expect(load(wide, { grid: { height: 2, width: 9 } }).spec).toEqual(wide);
    expect(load(wide, { imageSize: { height: 8, width: 36 } }).spec).toEqual(wide);
    expect(() => load(spec, { stride: 2 })).toThrow('stride 2: a Mamba-Reg’s patches never overlap');
  });

  it('is refused with what does not fit, listed', () => {
    expect(() => load(spec, {}, (shapes) => shapes.delete('norm_neck.weight'))).toThrow(
      'missing 1 tensor ("norm_neck.weight")',
    );
    expect(() => load(spec, {}, (shapes) => shapes.set('head.weight', [7, 32]))).toThrow(
      '"head.weight" is [7, 32], needed is [7, 64], in a Mamba-Reg of width 32',
    );
    expect(() => load(spec, { family: 'vim' })).toThrow('extra 3 tensors');
  });
});
