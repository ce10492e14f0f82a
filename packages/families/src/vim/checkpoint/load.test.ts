import { join } from 'node:path';
import { type Checkpoint, readCheckpoint } from '@vssm/checkpoints';
import { testdata } from '@vssm/checkpoints/test-support';
import { float32, sizeOf, type Tensor, UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../../checkpoint/load.ts';
import { parameterCount } from '../../model.ts';
import { type VimSpec, vimModels, vimParameters, vimSpec } from '../spec.ts';

const small = vimSpec({
  ...{
    width: 32,
    depth: 3,
    stateSize: 8,
    patchSize: 4,
    stride: 4,
    imageHeight: 16,
    imageWidth: 16,
    classes: 7,
  },
});

function checkpoint(
  spec: VimSpec,
  change: (tensors: Map<string, Tensor<Float32Array>>, integers: Map<string, string>) => void = () => {},
): Checkpoint {
  const tensors = new Map<string, Tensor<Float32Array>>();
  for (const [name, shape] of vimParameters(spec)) {
    tensors.set(name, float32(shape, new Float32Array(sizeOf(shape)).fill(0.5)));
  }
  const integers = new Map<string, string>();
  change(tensors, integers);
  return { path: 'x.pth', format: 'pth-zip', sha256: '', bytes: 0, tensors, integers, ignored: ['note'] };
}

const zeros = (...shape: number[]) => float32(shape, new Float32Array(sizeOf(shape)));

describe('loadModel: Vim', () => {
  it('infers the shipped checkpoint as its note describes it', async () => {
    const path = join(import.meta.dirname, '../../../../../datasets/fashion-mnist/vim-nano-fmnist.pth');
    const { spec, weights } = loadModel(await readCheckpoint(path));
    expect(spec).toEqual(
      vimSpec({
        ...{ width: 48, depth: 8, stateSize: 8, inChannels: 1, classes: 10 },
        ...{ imageHeight: 28, imageWidth: 28, patchSize: 4, stride: 4 },
      }),
    );
    expect(spec.dtRank).toBe(3);
    expect(parameterCount(spec)).toBe(171_610);
    expect([...weights.values()].reduce((sum, { data }) => sum + data.length, 0)).toBe(171_610);
  });

  it('infers the golden model from safetensors', async () => {
    const { spec } = loadModel(await readCheckpoint(testdata('a_vim_micro.safetensors')));
    expect(spec).toEqual(
      vimSpec({ width: 32, depth: 4, imageHeight: 32, imageWidth: 32, patchSize: 4, stride: 4, classes: 10 }),
    );
  });

  it('infers the published sizes', () => {
    for (const spec of [vimModels['vim-tiny'], { ...vimModels['vim-tiny'], stride: 8 }]) {
      expect(loadModel(checkpoint(spec)).spec).toEqual(spec);
    }
  });

  it('infers what differs from the defaults, each from its own tensor', () => {
    const spec = { ...small, innerWidth: 40, dtRank: 5, convKernel: 3, inChannels: 2 };
    expect(loadModel(checkpoint(spec)).spec).toEqual(spec);
  });

  it('passes stride, image size and grid on', () => {
    const wide = { ...small, imageHeight: 8, imageWidth: 32 };
    expect(() => loadModel(checkpoint({ ...wide, imageWidth: 36 }))).toThrow('--grid HxW, for instance 3x6');
    expect(loadModel(checkpoint(wide), { grid: { height: 2, width: 8 } }).spec).toEqual(wide);
    expect(loadModel(checkpoint(wide), { imageSize: { height: 8, width: 32 } }).spec).toEqual(wide);
    expect(loadModel(checkpoint(small), { stride: 2 }).spec).toMatchObject({ imageHeight: 10, stride: 2 });
  });

  it('gives the weights in the order of the parameters, and no others', () => {
    const shuffled = checkpoint(small, (tensors) => {
      const reversed = [...tensors].reverse();
      tensors.clear();
      for (const [name, tensor] of reversed) tensors.set(name, tensor);
      tensors.set('head_dist.weight', zeros(7, 32));
      tensors.set('decode_head.conv.weight', zeros(3));
      tensors.set('auxiliary_head.conv.bias', zeros(3));
    });
    const { weights, ignored } = loadModel(shuffled);
    expect([...weights.keys()]).toEqual([...vimParameters(small).keys()]);
    expect(ignored).toEqual([
      'note',
      ...['head_dist.weight', 'decode_head.conv.weight', 'auxiliary_head.conv.bias'].map(
        (name) => `${name}: a head that this run does not use`,
      ),
    ]);
  });

  it.each<[string, Parameters<typeof checkpoint>[1]]>([
    ['missing 1 tensor ("pos_embed")', (tensors) => tensors.delete('pos_embed')],
    ['missing 1 tensor ("head.weight")', (tensors) => tensors.delete('head.weight')],
    [
      'missing 2 tensors ("head.weight", "head.bias")',
      (tensors) => {
        tensors.delete('head.weight');
        tensors.delete('head.bias');
      },
    ],
    ['missing 1 tensor ("layers.0.mixer.A_log")', (tensors) => tensors.delete('layers.0.mixer.A_log')],
    ['extra 1 tensor ("layers.1.mixer.what")', (tensors) => tensors.set('layers.1.mixer.what', zeros(1))],
    [
      'missing 1 tensor ("norm_f.weight"); extra 1 tensor ("norm.weight")',
      (tensors) => {
        tensors.set('norm.weight', tensors.get('norm_f.weight')!);
        tensors.delete('norm_f.weight');
      },
    ],
    ['extra 1 tensor ("steps")', (_, integers) => integers.set('steps', 'I64')],
    [
      'stored as integers 1 tensor ("cls_token")',
      (tensors, integers) => {
        tensors.delete('cls_token');
        integers.set('cls_token', 'I64');
      },
    ],
    [
      '"layers.0.mixer.A_log" is [64, 16], needed is [64, 8], in a Vim of width 32, depth 3, state size 8',
      (tensors) => {
        tensors.set('layers.0.mixer.A_log', zeros(64, 16));
      },
    ],
    ['"cls_token" is [32], needed is [1, 1, 32]', (tensors) => tensors.set('cls_token', zeros(32))],
    [
      '"patch_embed.proj.weight" is [32, 3, 4, 2]',
      (tensors) => {
        tensors.set('patch_embed.proj.weight', zeros(32, 3, 4, 2));
      },
    ],
    [
      'depth 1000000: must be a whole number from 1 to 512',
      (tensors) => {
        tensors.set('layers.999999.norm.weight', zeros(32));
      },
    ],
    ['PlainMamba without its classifier', (tensors) => tensors.set('layers.0.mamba.A_log', zeros(1))],
    ['a backbone inside a detection or segmentation model', (tensors) => tensors.set('backbone.x', zeros(1))],
    ['two class tokens', (tensors) => tensors.set('cls_token_head', zeros(1))],
    ['LayerNorm', (tensors) => tensors.set('layers.0.norm.bias', zeros(32))],
    [
      '"layers.2.norm.weight" holds NaN at element 3',
      (tensors) => {
        tensors.get('layers.2.norm.weight')!.data[3] = Number.NaN;
      },
    ],
    [
      '"head.bias" holds -Infinity at element 0',
      (tensors) => {
        tensors.get('head.bias')!.data[0] = Number.NEGATIVE_INFINITY;
      },
    ],
    [
      'missing 24 tensors',
      (tensors) => {
        tensors.clear();
        tensors.set('conv1.weight', zeros(64, 3, 7, 7));
      },
    ],
  ])('refuses: %s', (problem, change) => {
    const broken = checkpoint(small, change);
    expect(() => loadModel(broken)).toThrow(`checkpoint x.pth: `);
    expect(() => loadModel(broken)).toThrow(problem);
    expect(() => loadModel(broken)).toThrow(UserError);
  });

  it('does not mind a counter of batches, whatever its type', () => {
    const counters = checkpoint(small, (tensors, integers) => {
      integers.set('bn.num_batches_tracked', 'I64');
      tensors.set('num_batches_tracked', zeros());
    });
    expect(loadModel(counters).ignored).toContain('num_batches_tracked: a counter of batches');
  });
});
