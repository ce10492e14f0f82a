/**
 * The files that the documentation's commands name, made small: stand-ins for public checkpoints (fewer channels, as
 * many blocks and classes), a few generated pictures, and the samples of COCO and ADE20K.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors } from '@vssm/checkpoints';
import { uniformNumbers } from '@vssm/core';
import {
  ade20kSampleDir,
  cocoSampleDir,
  encodePng,
  fashionMnistClasses,
  sceneBackground,
} from '@vssm/datasets';
import { plainMambaSpec, randomWeights, vimSpec } from '@vssm/families';
import {
  type DetectorSpec,
  randomVisionWeights,
  type UperNetSpec,
  type VisionSpec,
  visionModels,
} from '@vssm/vision-tasks';

/** A path from the repository's root, which is not where the commands run. */
function inRepository(path: string): Readonly<Record<string, string>> {
  return { [path]: join(import.meta.dirname, '../../../..', path) };
}

/** What stands elsewhere in the documentation, and the place in the folder of inputs that stands in for it. */
export const places: Readonly<Record<string, string>> = {
  '/data/imagenet/val': 'imagenet/val',
  '/data/val': 'imagenet/val',
  '/usr/share/datasets/fashion-mnist': 'classes',
  ...inRepository('datasets/fashion-scenes/testdata'),
  ...inRepository('datasets/fashion-scenes/upernet-nano.safetensors'),
};

const classifiers = ['vim_s.pth', 'vim_s_midclstok.pth', 'nano.safetensors'];
const blocks = 24;

export async function makeInputs(folder: string): Promise<void> {
  const sized = { width: 8, depth: blocks, stateSize: 4, classes: 1000 };
  const vim = randomWeights(
    vimSpec({ ...sized, imageHeight: 224, imageWidth: 224, patchSize: 16, stride: 16 }),
  );
  for (const name of classifiers) await writeSafetensors(join(folder, name), vim);
  const dense = Object.entries({ 'l1_1x.pth': maskRcnn, 'l1_upernet.pth': uperNet });
  for (const [name, spec] of dense) await writeSafetensors(join(folder, name), randomVisionWeights(spec, 1));
  const scenes = Object.entries({ 'scenes-maskrcnn': sceneDetector, 'scenes-upernet': sceneSegmenter });
  for (const [name, spec] of scenes) {
    // The background is a class of segmenters only.
    const classes = spec.kind === 'upernet' ? [...fashionMnistClasses, sceneBackground] : fashionMnistClasses;
    await writeSafetensors(join(folder, `${name}.safetensors`), randomVisionWeights(spec, 1), {
      classes: JSON.stringify(classes),
    });
  }
  await makePictures(folder);
  cpSync(cocoSampleDir, join(folder, 'coco'), { recursive: true });
  cpSync(join(cocoSampleDir, 'annotations'), join(folder, 'annotations'), { recursive: true });
  const { annotations } = JSON.parse(
    readFileSync(join(cocoSampleDir, 'annotations/instances_val2017.json'), 'utf8'),
  );
  writeFileSync(join(folder, 'results.json'), JSON.stringify([{ ...annotations[0], score: 0.5 }]));
  const ade20k = join(ade20kSampleDir, 'ADEChallengeData2016');
  cpSync(ade20k, join(folder, 'ADEChallengeData2016'), { recursive: true });
  cpSync(join(ade20k, 'annotations/validation'), join(folder, 'predictions'), { recursive: true });
}

const backbone = plainMambaSpec({
  ...{ width: 24, depth: blocks, stemConvs: 1, depthwiseLayers: [0], positionRows: 4, positionColumns: 4 },
});
const { 'plainmamba-l1-maskrcnn': detector, 'plainmamba-l1-upernet': segmenter } = visionModels;
const maskRcnn: DetectorSpec = {
  ...detector,
  backbone: { ...detector.backbone, spec: backbone, stemWidth: 8 },
  channels: 16,
  boxFeatures: 32,
};
const uperNet: UperNetSpec = {
  ...segmenter,
  backbone: { family: 'plainmamba', spec: backbone, taps: [5, 11, 17, 23] },
  head: { channels: 16, classes: 150, poolScales: [1, 2, 3, 6] },
  auxiliary: { tap: 3, channels: 8 },
};

const sceneDetector: VisionSpec = { ...maskRcnn, classes: fashionMnistClasses.length };
const sceneSegmenter: VisionSpec = {
  ...uperNet,
  head: { ...uperNet.head, classes: fashionMnistClasses.length + 1 },
};

/** Two classes of ImageNet's 1,000, as its folders lie; class folders to train on; loose photos. */
async function makePictures(folder: string): Promise<void> {
  const ids = Array.from({ length: 1000 }, (_, index) => `n${String(1440764 + index).padStart(8, '0')}`);
  mkdirSync(join(folder, 'imagenet'));
  writeFileSync(join(folder, 'imagenet/synsets.txt'), `${ids.join('\n')}\n`);
  const images = {
    ...{ 'imagenet/val/n01440764/a.png': 60, 'imagenet/val/n01440765/b.png': 61 },
    ...{ 'photos/a.png': 70, 'photos/b.png': 64 },
  };
  const classes = ['cat', 'dog'].flatMap((name) =>
    ['classes/train', 'classes/val', 'train', 'val'].map((part) => [`${part}/${name}/a.png`, 32] as const),
  );
  for (const [seed, [path, side]] of [...Object.entries(images), ...classes].entries()) {
    const uniform = uniformNumbers(seed);
    const data = Uint8Array.from({ length: 3 * side * side }, () => 256 * uniform());
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), await encodePng({ width: side, height: side, data }));
  }
}
