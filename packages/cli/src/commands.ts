/**
 * Every command with what its help says beside its options. A command's own file, and all that it needs, is loaded
 * when the command is asked for.
 */
import type { Command } from 'commander';

export interface CommandEntry {
  readonly name: string;
  /** As the command's own file has it. */
  readonly description: string;
  /** Lines for a shell, shown below the options. */
  readonly examples: readonly string[];
  load(): Promise<Command>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'bench',
    description: 'run the benchmarks and write the report',
    examples: [
      'pnpm bench',
      'pnpm bench --imagenet /data/imagenet/val --checkpoint vim-small=vim_s_midclstok.pth',
    ],
    load: async () => (await import('./commands/bench-command.ts')).benchCommand(),
  },
  {
    name: 'compare',
    description: 'hold every backend against the float64 reference, and time them side by side',
    examples: ['pnpm compare --backends cpu,wasm'],
    load: async () => (await import('./commands/compare-command.ts')).compareCommand(),
  },
  {
    name: 'merge',
    description: 'join run folders, shards above all, into one as a single run would have written it',
    examples: ['vssm merge shards/* --out results'],
    load: async () => (await import('./commands/merge-command.ts')).mergeCommand(),
  },
  {
    name: 'history',
    description: 'keep what this commit gave, and exit with 1 where it is worse than an earlier one',
    examples: ['vssm history --results results'],
    load: async () => (await import('./commands/history-command.ts')).historyCommand(),
  },
  {
    name: 'against',
    description: 'time an evaluation of this checkout and of another one, interleaved',
    examples: ['vssm against ../other-checkout --rounds 3'],
    load: async () => (await import('./commands/against-command.ts')).againstCommand(),
  },
  {
    name: 'report',
    description: 'write the report from run folders',
    examples: ['vssm report --results results --out reports/latest'],
    load: async () => (await import('./commands/report-command.ts')).reportCommand(),
  },
  {
    name: 'flops',
    description: 'FLOPs, parameters and token counts of a model and a plan, detectors and segmenters too',
    examples: ['vssm flops --model vim-small --prune "5,10,15@0.8"'],
    load: async () => (await import('./commands/flops.ts')).flopsCommand(),
  },
  {
    name: 'schedule',
    description: 'schedules that save a given part of the FLOPs (paper profile), best-balanced first',
    examples: ['vssm schedule --model plainmamba-l3 --reduction 0.416'],
    load: async () => (await import('./commands/schedule.ts')).scheduleCommand(),
  },
  {
    name: 'predict',
    description: 'run a model, dense or pruned, on a tensor or on images',
    examples: ['vssm predict --checkpoint vim_s.pth --images photos --prune "5,10,15@0.8"'],
    load: async () => (await import('./commands/predict-command.ts')).predictCommand(),
  },
  {
    name: 'explain',
    description: 'draw what a model, dense or pruned, reads of images: class contribution, block by block',
    examples: [
      'vssm explain --limit 6 --out maps',
      'vssm explain --checkpoint vim_s.pth --images photos --prune "5,10,15@0.8" --out maps',
    ],
    load: async () => (await import('./commands/explain-command.ts')).explainCommand(),
  },
  {
    name: 'eval',
    description: 'accuracy of a model, dense or pruned, on a data set',
    examples: [
      'vssm eval --prune "2,4,6@0.7"',
      'vssm eval --checkpoint vim_s.pth --dataset imagenet --data /data/imagenet/val --prune "5,10,15@0.8"',
    ],
    load: async () => (await import('./commands/eval-command.ts')).evalCommand(),
  },
  {
    name: 'detect',
    description:
      'box and mask AP of Mask R-CNN or RetinaNet on COCO, dense or pruned; writes detections.json',
    examples: ['vssm detect --checkpoint mask_rcnn.pth --data /data/coco --prune "6,12,18@0.8"'],
    load: async () => (await import('./commands/detect-command.ts')).detectCommand(),
  },
  {
    name: 'segment',
    description: 'mIoU, mAcc and aAcc of an UperNet on ADE20K, dense or pruned',
    examples: ['vssm segment --checkpoint upernet.pth --data /data/ADEChallengeData2016'],
    load: async () => (await import('./commands/segment-command.ts')).segmentCommand(),
  },
  {
    name: 'export',
    description:
      'write a model with its pruning: a classifier as one ONNX file, a detector or segmenter as a folder of stages',
    examples: ['vssm export --checkpoint vim_s.pth --prune "5,10,15@0.8" --out vim_s_pruned.onnx'],
    load: async () => (await import('./commands/export-command.ts')).exportCommand(),
  },
  {
    name: 'train',
    description: 'train a dense model: a classifier from fresh weights, or a segmenter on a backbone',
    examples: [
      'vssm train --data /usr/share/datasets/fashion-mnist --out runs/dense',
      'vssm train --task segment --data scenes --out runs/upernet',
    ],
    load: async () => (await import('./commands/train-command.ts')).trainCommand(),
  },
  {
    name: 'finetune',
    description: 'train a checkpoint further, pruned as it will be run, on its own classes or on others',
    examples: [
      'vssm finetune --data /usr/share/datasets/fashion-mnist --prune "2,4,6@0.7" --out runs/pruned',
      'vssm finetune --task segment --checkpoint runs/upernet/model.safetensors --data scenes --prune "2,4,6@0.7" --out runs/pruned',
    ],
    load: async () => (await import('./commands/finetune-command.ts')).finetuneCommand(),
  },
  {
    name: 'experiment',
    description:
      'the claim, tried in miniature: train a dense Vim on Fashion-MNIST, then fine-tune it in every way; the paper’s reductions on both of its families; a segmenter on scenes; or what the class token’s place does to pruning',
    examples: ['vssm experiment --data /usr/share/datasets/fashion-mnist --out runs/claim --plan'],
    load: async () => (await import('./commands/experiment-command.ts')).experimentCommand(),
  },
  {
    name: 'preprocess',
    description: 'resize one image as a recipe does, before padding, and write it as an 8-bit RGB PNG',
    examples: ['vssm preprocess photo.jpg --recipe vim-imagenet --out resized.png'],
    load: async () => (await import('./commands/preprocess-command.ts')).preprocessCommand(),
  },
  {
    name: 'scenes',
    description: 'make pictures of several articles of Fashion-MNIST, in the layouts of ADE20K and COCO',
    examples: ['vssm scenes --data /usr/share/datasets/fashion-mnist --out scenes'],
    load: async () => (await import('./commands/scenes-command.ts')).scenesCommand(),
  },
  {
    name: 'score',
    description: 'score detections or label maps that any tool wrote',
    examples: ['vssm score coco --help', 'vssm score miou --help'],
    load: async () => (await import('./commands/score.ts')).scoreCommand(),
  },
  {
    name: 'serve',
    description:
      'serve the page that runs models on your own GPU, in your own browser; nothing leaves this machine',
    examples: ['pnpm serve'],
    load: async () => (await import('./commands/serve-command.ts')).serveCommand(),
  },
  {
    name: 'doctor',
    description: 'check this machine, the backends and the data sets, and say how to fix what is missing',
    examples: ['vssm doctor'],
    load: async () => (await import('./commands/doctor-command.ts')).doctorCommand(),
  },
  {
    name: 'check-gpu',
    description: 'hold every way to run on a GPU against the reference, and time it, in less than 8 minutes',
    examples: ['vssm check-gpu', 'vssm check-gpu --backends webgpu --models vim-tiny --batch 1'],
    load: async () => (await import('./commands/check-gpu-command.ts')).checkGpuCommand(),
  },
];
