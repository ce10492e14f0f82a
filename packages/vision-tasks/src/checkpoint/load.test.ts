import { type Checkpoint, readCheckpoint } from '@vssm/checkpoints';
import * as p from '@vssm/checkpoints/test-support';
import { temporaryFiles, testdata, writeZip } from '@vssm/checkpoints/test-support';
import { float32, type Tensor, UserError, type Weights } from '@vssm/core';
import { plainMambaSpec, vimSpec } from '@vssm/families';
import { loadModel } from '@vssm/families/checkpoint';
import { describe, expect, it } from 'vitest';
import { randomVisionWeights } from '../model/random-weights.ts';
import { type VisionSpec, visionModels } from '../model/spec.ts';
import { loadVisionModel, visionClasses } from './load.ts';

type Tensors = Map<string, Tensor<Float32Array>>;

const backbone = plainMambaSpec({
  ...{ width: 24, depth: 4, stemConvs: 1, depthwiseLayers: [0], positionRows: 4, positionColumns: 4 },
  ...{ imageHeight: 512, imageWidth: 512 },
});
const published = {
  upernet: visionModels['plainmamba-l1-upernet'],
  maskrcnn: visionModels['plainmamba-l1-maskrcnn'],
  retinanet: visionModels['plainmamba-l1-retinanet'],
};
const upernet: VisionSpec = {
  ...published.upernet,
  backbone: { family: 'plainmamba', spec: backbone, taps: [0, 1, 2, 3] },
  head: { channels: 8, classes: 11, poolScales: [1, 2, 3, 6] },
  auxiliary: { tap: 3, channels: 8 },
};
const adapter = {
  ...published.maskrcnn.backbone,
  spec: { ...backbone, imageHeight: 800, imageWidth: 1344 },
  stemWidth: 8,
  interactions: [0, 1, 2, 3].map((layer) => [layer, layer] as const),
};
const maskrcnn: VisionSpec = {
  ...published.maskrcnn,
  ...{ backbone: adapter, channels: 8, classes: 7, boxFeatures: 16 },
};
const retinanet: VisionSpec = { ...published.retinanet, backbone: adapter, channels: 8, classes: 7 };
const vimTaps = (rope: boolean): VisionSpec => ({
  ...visionModels['vim-tiny-upernet'],
  backbone: {
    family: 'vim',
    spec: vimSpec({ width: 32, depth: 4, imageHeight: 64, imageWidth: 64 }),
    taps: [0, 1, 2, 3],
    tapStream: rope ? 'residual' : 'mixer',
    lastTap: 'add',
    rope: rope ? 'hidden-and-residual' : 'none',
  },
  head: { channels: 8, classes: 11, poolScales: [1, 2, 3, 6] },
  auxiliary: { tap: 2, channels: 8 },
  test: { mode: 'slide', crop: 64, stride: 42 },
});

function checkpoint(
  spec: VisionSpec,
  change: (tensors: Tensors, integers: Map<string, string>) => void = () => {},
): Checkpoint {
  const tensors = new Map(randomVisionWeights(spec)) as Tensors;
  const integers = new Map<string, string>();
  change(tensors, integers);
  return { path: 'x.pth', format: 'pth-zip', sha256: '', bytes: 0, tensors, integers, ignored: ['note'] };
}

describe('loadVisionModel', () => {
  it.each<[string, VisionSpec]>([
    ['UperNet on PlainMamba', upernet],
    ['UperNet on Vim', vimTaps(false)],
    ['UperNet on Vim with rope', vimTaps(true)],
    ['Mask R-CNN', maskrcnn],
    ['RetinaNet', retinanet],
  ])('infers a small %s, every value of every tensor kept', (_, spec) => {
    const given = checkpoint(spec, (tensors, integers) => {
      integers.set('backbone.layers.0.dw.1.num_batches_tracked', 'I64');
      tensors.set('neck.lateral_convs.0.bn.num_batches_tracked', float32([], Float32Array.of(3)));
    });
    const loaded = loadVisionModel(given);
    expect(loaded.spec).toEqual(spec);
    expect(loaded.weights).toEqual(randomVisionWeights(spec));
    expect(loaded.classes).toBeUndefined();
    expect(loaded.ignored).toEqual([
      'note',
      'neck.lateral_convs.0.bn.num_batches_tracked: a counter of batches',
    ]);
  });

  it.each<[string, Parameters<typeof checkpoint>[1]]>([
    [
      '"backbone.spm.fc1.weight" is missing; is this another model',
      (tensors) => tensors.delete('backbone.spm.fc1.weight'),
    ],
    [
      'extra 1 tensor ("roi_head.semantic_head.conv.weight")',
      (tensors) => tensors.set('roi_head.semantic_head.conv.weight', float32([1], Float32Array.of(0))),
    ],
    [
      '"neck.lateral_convs.0.bn.bias" is [9], needed is [8]',
      (tensors) => tensors.set('neck.lateral_convs.0.bn.bias', float32([9], new Float32Array(9))),
    ],
    [
      '"rpn_head.rpn_cls.bias" holds NaN at element 1',
      (tensors) => {
        tensors.set('rpn_head.rpn_cls.bias', float32([3], Float32Array.of(0, Number.NaN, 0)));
      },
    ],
    ['has none of "decode_head.conv_seg.weight"', (tensors) => tensors.clear()],
  ])('refuses, naming the file: %s', (problem, change) => {
    const given = checkpoint(maskrcnn, change);
    expect(() => loadVisionModel(given)).toThrow(UserError);
    expect(() => loadVisionModel(given)).toThrow('checkpoint x.pth: ');
    expect(() => loadVisionModel(given)).toThrow(problem);
  });

  it('refuses a list of classes that is not its head’s', () => {
    const classes = ['a', 'b'];
    expect(() => loadVisionModel({ ...checkpoint(maskrcnn), classes })).toThrow(
      'lists 2 classes, but its head tells 7 apart',
    );
  });

  it('refuses classifiers, and says what takes them', async () => {
    const plainMamba = await readCheckpoint(testdata('mm-zip.pth'));
    expect(() => loadVisionModel(plainMamba)).toThrow(
      'mm-zip.pth: is a classifier (it has "head.fc.weight"), not a detector or segmenter; vssm eval takes it',
    );
    const vim = await readCheckpoint(testdata('trainer-zip.pth'));
    expect(() => loadVisionModel(vim)).toThrow('is a classifier (it has "head.weight")');
  });

  it.each<[string, VisionSpec, string]>([
    ['UperNet', upernet, 'a segmentation model around a PlainMamba backbone (it has'],
    ['Mask R-CNN', maskrcnn, 'is not a classifier; vssm detect takes it'],
    ['RetinaNet', retinanet, 'is not a classifier; vssm detect takes it'],
    ['Vim’s UperNet', vimTaps(true), 'is not a classifier; vssm segment takes an UperNet'],
  ])('%s is refused as a classifier', (_, spec, problem) => {
    expect(() => loadModel(checkpoint(spec))).toThrow(problem);
  });
});

describe('a file of mmcv', () => {
  const written = temporaryFiles();

  /** What mmcv's save_checkpoint leaves, in torch.save's zip format; every tensor is a storage of its own. */
  async function mmcvFile(
    spec: VisionSpec,
    names: readonly string[],
    more: Weights = new Map(),
  ): Promise<string> {
    const weights = [...randomVisionWeights(spec), ...more];
    const stateDict = p.dict(
      Object.fromEntries(
        weights.map(([name, { shape, data }], key) => {
          const stride = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
          return [name, p.tensor({ key: String(key), elements: data.length, shape, stride })];
        }),
      ),
    );
    const root = p.dict({
      meta: p.dict({ epoch: p.int(12), CLASSES: p.tuple(...names.map(p.text)) }),
      state_dict: stateDict,
    });
    const entries = weights.map(([, { data }], key) => ({
      name: `x/data/${key}`,
      data: Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    }));
    return written('x.pth', writeZip([{ name: 'x/data.pkl', data: p.pickle(root) }, ...entries]));
  }

  it('gives the model, its weights and its classes', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const file = await mmcvFile(maskrcnn, names);
    const { spec, weights, classes, ignored } = loadVisionModel(await readCheckpoint(file));
    expect(spec).toEqual(maskrcnn);
    expect(classes).toEqual(names);
    expect(weights).toEqual(randomVisionWeights(maskrcnn));
    expect(ignored).toEqual(['meta: beside the state dict "state_dict"']);
  });

  it.each<[string, VisionSpec]>([
    ['UperNet', upernet],
    ['Mask R-CNN', maskrcnn],
    ['RetinaNet', retinanet],
  ])('with the buffers of its EMA hook gives a %s, or with --key ema its averages', async (_, spec) => {
    const plain = randomVisionWeights(spec);
    const averaged = randomVisionWeights(spec, 1);
    const isStatistic = (name: string) => /running_(mean|var)$/.test(name);
    const buffers = [...averaged].filter(([name]) => !isStatistic(name));
    const file = await mmcvFile(
      spec,
      Array.from({ length: visionClasses(spec) }, (__, i) => `class ${i}`),
      new Map(buffers.map(([name, tensor]) => [`ema_${name.replaceAll('.', '_')}`, tensor])),
    );
    const loaded = loadVisionModel(await readCheckpoint(file));
    expect(loaded.weights).toEqual(plain);
    expect(loaded.ignored.filter((note) => note.endsWith('--key ema loads it'))).toHaveLength(buffers.length);
    const { weights } = loadVisionModel(await readCheckpoint(file, { key: 'ema' }));
    for (const [name, tensor] of weights) {
      expect(tensor, name).toEqual((isStatistic(name) ? plain : averaged).get(name));
    }
  });
});
