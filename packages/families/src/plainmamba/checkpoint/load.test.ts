import { type Checkpoint, readCheckpoint } from '@vssm/checkpoints';
import { testdata } from '@vssm/checkpoints/test-support';
import { float32, sizeOf, type Tensor, UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../../checkpoint/load.ts';
import { modelTensors, parameterCount } from '../../model.ts';
import { type PlainMambaSpec, plainMambaModels, plainMambaSpec } from '../spec.ts';

type Tensors = Map<string, Tensor<Float32Array>>;

const small = plainMambaSpec({
  ...{ width: 32, depth: 3, stemConvs: 2, stemWidth: 6, stateSize: 8, depthwiseLayers: [0, 2], classes: 7 },
  ...{ patchSize: 4, imageHeight: 16, imageWidth: 16, positionRows: 4, positionColumns: 4 },
});

function checkpoint(
  spec: PlainMambaSpec,
  change: (tensors: Tensors, integers: Map<string, string>) => void = () => {},
): Checkpoint {
  const tensors: Tensors = new Map();
  for (const [name, shape] of modelTensors(spec)) {
    tensors.set(name, float32(shape, new Float32Array(sizeOf(shape)).fill(0.5)));
  }
  const integers = new Map([['backbone.patch_embed.stem.1.num_batches_tracked', 'I64']]);
  change(tensors, integers);
  return { path: 'x.pth', format: 'pth-zip', sha256: '', bytes: 0, tensors, integers, ignored: ['note'] };
}

const zeros = (...shape: number[]) => float32(shape, new Float32Array(sizeOf(shape)));

/** An infinite shape in few bytes: no test reads its data. */
const huge = (...shape: number[]) => float32(shape, new Float32Array(0));

describe('loadModel: PlainMamba', () => {
  it('reads what mmcv saves, running statistics included', async () => {
    const { spec, weights, ignored } = loadModel(await readCheckpoint(testdata('mm-zip.pth')));
    expect(spec).toEqual(
      plainMambaSpec({
        ...{ width: 8, depth: 2, stemConvs: 2, stemWidth: 4, stateSize: 4, convKernel: 3, classes: 5 },
        ...{ depthwiseLayers: [1], patchSize: 4, imageHeight: 16, imageWidth: 16 },
        ...{ positionRows: 4, positionColumns: 4 },
      }),
    );
    expect([...weights.keys()]).toEqual([...modelTensors(spec).keys()]);
    expect(weights.get('backbone.layers.1.dw.1.running_var')!.data).toEqual(new Float32Array(8).fill(1));
    expect(ignored).toEqual([
      'meta: beside the state dict "state_dict"',
      'optimizer: beside the state dict "state_dict"',
      ...['patch_embed.stem.1', 'patch_embed.convs.1', 'patch_embed.convs.4', 'layers.1.dw.1'].map(
        (name) => `backbone.${name}.num_batches_tracked: an integer buffer (I64)`,
      ),
    ]);
  });

  it.each([
    ['plainmamba-l1', 7551656],
    ['plainmamba-l2', 26145832],
    ['plainmamba-l3', 50956456],
  ] as const)('infers %s', (name, parameters) => {
    const { spec } = loadModel(checkpoint(plainMambaModels[name]));
    expect(spec).toEqual(plainMambaModels[name]);
    expect(parameterCount(spec)).toBe(parameters);
  });

  it('infers what differs from the defaults, each from its own tensor', () => {
    const spec = { ...small, innerWidth: 40, dtRank: 5, convKernel: 5, inChannels: 2, stemConvs: 0 };
    expect(loadModel(checkpoint(spec)).spec).toEqual(spec);
    expect(loadModel(checkpoint({ ...small, depthwiseLayers: [] })).spec).toEqual({
      ...small,
      depthwiseLayers: [],
    });
  });

  it('infers a grid that is larger than any spec may be wide', () => {
    const spec = { ...small, positionRows: 80, positionColumns: 80, imageHeight: 320, imageWidth: 320 };
    expect(loadModel(checkpoint(spec)).spec).toEqual(spec);
  });

  it('passes image size and grid on', () => {
    const spec = { ...small, positionRows: 3, positionColumns: 5, imageHeight: 12, imageWidth: 20 };
    expect(() => loadModel(checkpoint(spec))).toThrow('--grid HxW, for instance 3x5');
    expect(loadModel(checkpoint(spec), { imageSize: { height: 12, width: 20 } }).spec).toEqual(spec);
    const options = { grid: { height: 3, width: 5 }, imageSize: { height: 33, width: 8 } };
    expect(loadModel(checkpoint(spec), options).spec).toEqual({ ...spec, imageHeight: 33, imageWidth: 8 });
    expect(() => loadModel(checkpoint(small), { stride: 2 })).toThrow('stride 2: a PlainMamba has none');
  });

  it('gives the weights in the order of the tensors, and no others', () => {
    const shuffled = checkpoint(small, (tensors) => {
      const reversed = [...tensors].reverse();
      tensors.clear();
      for (const [name, tensor] of reversed) tensors.set(name, tensor);
      tensors.set('backbone.layers.0.dw.1.num_batches_tracked', zeros());
    });
    const { weights, ignored } = loadModel(shuffled);
    expect([...weights.keys()]).toEqual([...modelTensors(small).keys()]);
    expect(ignored).toEqual(['note', 'backbone.layers.0.dw.1.num_batches_tracked: a counter of batches']);
  });

  it.each<[string, Parameters<typeof checkpoint>[1]]>([
    ['missing 1 tensor ("backbone.pos_embed")', (tensors) => tensors.delete('backbone.pos_embed')],
    [
      'missing 2 tensors ("head.fc.weight", "head.fc.bias")',
      (tensors) => {
        tensors.delete('head.fc.weight');
        tensors.delete('head.fc.bias');
      },
    ],
    [
      'missing 1 tensor ("backbone.patch_embed.stem.1.running_var")',
      (tensors) => tensors.delete('backbone.patch_embed.stem.1.running_var'),
    ],
    [
      'missing 1 tensor ("backbone.layers.2.dw.1.running_mean")',
      (tensors) => tensors.delete('backbone.layers.2.dw.1.running_mean'),
    ],
    [
      'missing 1 tensor ("backbone.layers.1.mamba.direction_Bs")',
      (tensors) => tensors.delete('backbone.layers.1.mamba.direction_Bs'),
    ],
    [
      'missing 1 tensor ("backbone.layers.1.norm.bias")',
      (tensors) => tensors.delete('backbone.layers.1.norm.bias'),
    ],
    [
      'missing 1 tensor ("backbone.patch_embed.convs.0.weight")',
      (tensors) => tensors.delete('backbone.patch_embed.convs.0.weight'),
    ],
    [
      'extra 1 tensor ("backbone.layers.1.mamba.what")',
      (tensors) => tensors.set('backbone.layers.1.mamba.what', zeros(1)),
    ],
    ['extra 1 tensor ("head.layers.0.weight")', (tensors) => tensors.set('head.layers.0.weight', zeros(1))],
    ['extra 1 tensor ("steps")', (_, integers) => integers.set('steps', 'I64')],
    [
      'stored as integers 1 tensor ("backbone.ln1.weight")',
      (tensors, integers) => {
        tensors.delete('backbone.ln1.weight');
        integers.set('backbone.ln1.weight', 'I64');
      },
    ],
    [
      '"backbone.layers.0.mamba.A_log" is [64, 16], needed is [64, 8], in a PlainMamba of width 32, depth 3, state size 8',
      (tensors) => tensors.set('backbone.layers.0.mamba.A_log', zeros(64, 16)),
    ],
    [
      '"backbone.layers.1.mamba.direction_Bs" is [4, 8], needed is [5, 8]',
      (tensors) => tensors.set('backbone.layers.1.mamba.direction_Bs', zeros(4, 8)),
    ],
    [
      '"backbone.layers.1.mamba.conv2d.weight" is [64, 1, 7, 5], needed is [64, 1, 7, 7]',
      (tensors) => tensors.set('backbone.layers.1.mamba.conv2d.weight', zeros(64, 1, 7, 5)),
    ],
    [
      '"backbone.pos_embed" is [16, 32], needed is [1, 16, 32]',
      (tensors) => tensors.set('backbone.pos_embed', zeros(16, 32)),
    ],
    [
      '"backbone.patch_embed.projection.weight" is [32, 6, 2, 3], needed is [32, 6, 2, 2]',
      (tensors) => tensors.set('backbone.patch_embed.projection.weight', zeros(32, 6, 2, 3)),
    ],
    [
      'depth 1000000: must be a whole number from 1 to 512',
      (tensors) => tensors.set('backbone.layers.999999.norm.weight', zeros(32)),
    ],
    [
      'stem convolutions 333334: must be a whole number from 0 to 64',
      (tensors) => tensors.set('backbone.patch_embed.convs.999999.weight', zeros(6, 6, 3, 3)),
    ],
    ['missing 10 tensors', (tensors) => tensors.set('backbone.patch_embed.convs.11.weight', zeros(6))],
    [
      'width 1000000: must be a whole number from 1 to 8192',
      (tensors) => {
        for (const layer of [0, 1, 2]) {
          tensors.set(`backbone.layers.${layer}.norm.weight`, huge(1_000_000));
        }
      },
    ],
    [
      'convolution kernel 4: must be odd',
      (tensors) => {
        for (const layer of [0, 1, 2]) {
          tensors.set(`backbone.layers.${layer}.mamba.conv2d.weight`, zeros(64, 1, 4, 4));
        }
      },
    ],
    [
      'layer scale (it has "backbone.layers.0.mamba.gamma")',
      (tensors) => tensors.set('backbone.layers.0.mamba.gamma', zeros(1)),
    ],
    [
      'a class token (it has "backbone.cls_token")',
      (tensors) => tensors.set('backbone.cls_token', zeros(1, 1, 32)),
    ],
    [
      'is a PlainMamba with RMSNorm instead of LayerNorm',
      (tensors) => {
        for (const layer of [0, 1, 2]) tensors.delete(`backbone.layers.${layer}.norm.bias`);
      },
    ],
    ...['decode_head.conv_seg.weight', 'auxiliary_head.convs.0.weight'].map(
      (name): [string, Parameters<typeof checkpoint>[1]] => [
        `is a segmentation model around a PlainMamba backbone (it has "${name}"), which is not a classifier`,
        (tensors) => tensors.set(name, zeros(1)),
      ],
    ),
    ...[
      'neck.fpn_convs.0.conv.weight',
      'rpn_head.rpn_cls.weight',
      'roi_head.mask_head.conv.weight',
      'bbox_head.retina_cls.weight',
      'backbone.spm.stem.0.weight',
      'backbone.interactions.0.injector.gamma',
      'backbone.level_embed',
      'backbone.up.weight',
      'backbone.ad_norm1.weight',
    ].map((name): [string, Parameters<typeof checkpoint>[1]] => [
      `is a detection model around a PlainMamba backbone (it has "${name}"), which is not a classifier`,
      (tensors) => tensors.set(name, zeros(1)),
    ]),
    [
      '"backbone.patch_embed.stem.1.running_var" holds NaN at element 3',
      (tensors) => {
        tensors.get('backbone.patch_embed.stem.1.running_var')!.data[3] = Number.NaN;
      },
    ],
    [
      '"head.fc.bias" holds -Infinity at element 0',
      (tensors) => {
        tensors.get('head.fc.bias')!.data[0] = Number.NEGATIVE_INFINITY;
      },
    ],
    [
      'holds a backbone inside a detection or segmentation model (it has "backbone.layers.0.mixer.A_log")',
      (tensors) => {
        tensors.clear();
        tensors.set('backbone.layers.0.mixer.A_log', zeros(1));
      },
    ],
    [
      'holds the backbone of a PlainMamba without its classifier (it has "layers.0.mamba.A_log")',
      (tensors) => {
        const bare = [...tensors].map(([name, tensor]) => [name.replace(/^backbone\./, ''), tensor] as const);
        tensors.clear();
        tensors.set('layers.0.mamba.A_log', zeros(1));
        for (const [name, tensor] of bare) tensors.set(name, tensor);
      },
    ],
  ])('refuses: %s', (problem, change) => {
    const broken = checkpoint(small, change);
    expect(() => loadModel(broken)).toThrow(`checkpoint x.pth: `);
    expect(() => loadModel(broken)).toThrow(problem);
    expect(() => loadModel(broken)).toThrow(UserError);
  });
});
