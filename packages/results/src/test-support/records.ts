/** Made-up records for tests; no number here was measured. */
import { densePlan, pruningPlan, vimModels } from '@vssm/families';
import type {
  AccuracyRecord,
  ProfileRecord,
  RunRecord,
  ShardRecord,
  SkippedRecord,
  SpeedRecord,
  StripRecord,
  VisionRecord,
} from '../schema.ts';

const hash = 'ab'.repeat(32);

export const run: RunRecord = {
  schema: 1,
  kind: 'run',
  key: 'run-1',
  createdAt: '2026-01-02T03:04:05Z',
  projectVersion: '0.0.0',
  git: null,
  code: 'made-up',
  environment: {
    node: 'v24.0.0',
    os: 'linux 6.1',
    arch: 'x64',
    cpu: 'made-up CPU',
    cores: 2,
    memoryBytes: 1024,
    accelerator: null,
    libraries: { 'onnxruntime-node': '1.0.0' },
  },
  command: ['vssm', 'bench'],
  seeds: { sample: 1 },
};

const model: AccuracyRecord['model'] = {
  name: 'made-up model',
  spec: vimModels['vim-tiny'],
  params: 7,
  weights: { from: 'checkpoint', file: 'x.pth', sha256: hash },
};

export const accuracy: AccuracyRecord = {
  schema: 1,
  kind: 'accuracy',
  key: 'accuracy-1',
  experiment: 'made-up',
  row: 'dense',
  label: 'dense',
  paper: { table: 1, row: 'vim-tiny-dense' },
  notes: [],
  model,
  plan: structuredClone(densePlan) as AccuracyRecord['plan'],
  schedule: '',
  dataset: { name: 'made-up data', split: 'test', sha256: hash, total: 10 },
  sample: { count: 4, how: 'stratified', seed: 1, idsHash: hash, partial: false },
  backend: { name: 'cpu', form: 'whole' },
  count: 4,
  correct1: 2,
  correct5: 3,
  failed: [],
  top1: 50,
  top5: 75,
  interval: [15, 85],
  flops: { paper: 1, strict: 3 },
  tokens: [197],
  durationMs: 12,
  predictions: { file: 'predictions/accuracy-1.csv', sha256: hash, lines: 4 },
};

export const speed: SpeedRecord = {
  schema: 1,
  kind: 'speed',
  key: 'speed-1',
  experiment: 'made-up',
  row: 'pruned',
  label: 'pruned',
  paper: null,
  notes: [],
  model: { ...model, weights: { from: 'random', seed: 1 } },
  plan: structuredClone(pruningPlan({ schedule: [{ after: 5, keep: 0.8 }] })) as SpeedRecord['plan'],
  schedule: '5@0.8',
  backend: { name: 'cpu', form: 'whole' },
  threads: 2,
  batch: 1,
  warmup: 1,
  samplesMs: [2, 3, 4],
  medianMs: 3,
  minMs: 2,
  maxMs: 4,
  spread: 0.3,
  speedup: { against: 'speed-0', denseSamplesMs: [4, 6, 8], median: 2, min: 2, max: 2 },
  flops: { paper: 1, strict: 3 },
  tokens: [197, 157],
  durationMs: 20,
};

/** The second half of `accuracy`, evaluated one image at a time. */
export const shard: ShardRecord = {
  schema: 1,
  kind: 'shard',
  key: 'shard-2',
  model,
  plan: accuracy.plan,
  schedule: accuracy.schedule,
  dataset: accuracy.dataset,
  sample: accuracy.sample,
  backend: accuracy.backend,
  flops: accuracy.flops,
  tokens: accuracy.tokens,
  durationMs: 6,
  evaluation: 'accuracy-1',
  code: 'made-up',
  runtime: 'onnxruntime-node 1.0.0',
  batch: 1,
  shard: { index: 2, of: 2 },
  heads: [
    {
      schema: 1,
      key: accuracy.key,
      experiment: accuracy.experiment,
      row: accuracy.row,
      label: accuracy.label,
      paper: accuracy.paper,
      notes: [],
    },
  ],
  failed: 0,
  predictions: { file: 'predictions/shard-2.csv', sha256: hash, lines: 2 },
};

/** One way of several to carry out a model. */
export const rival: SpeedRecord = {
  ...speed,
  key: 'speed-2',
  row: 'matmul-floor',
  speedup: null,
  execution: {
    form: 'matmul-floor',
    cores: 'apart',
    group: 'rivals-1',
    calibration: [{ cores: 'apart', threads: 2, batch: 1, msPerImage: 3 }],
  },
  peakMemoryBytes: 1000,
};

const part: ProfileRecord['parts'][number] = {
  part: 'scan',
  block: 24,
  tokens: 157,
  samplesMs: [1, 2, 3],
  medianMs: 2,
  gflops: 0.5,
  bytes: 1000,
};

export const profile: ProfileRecord = {
  schema: 1,
  kind: 'profile',
  key: 'profile-1',
  experiment: 'made-up',
  row: 'profile',
  label: 'profile',
  paper: null,
  notes: [],
  model: speed.model,
  plan: speed.plan,
  schedule: speed.schedule,
  backend: speed.backend,
  threads: 1,
  batch: 2,
  warmup: 1,
  parts: [part, { ...part, part: 'pruning', block: 5 }],
  scoring: { samplesMs: [-0.1, 0.1, 0.2], medianMs: 0.1 },
  roofs: [{ threads: 1, gflopsPerSecond: 50, gigabytesPerSecond: 10 }],
  flops: { paper: 1, strict: 3 },
  tokens: [197, 157],
  durationMs: 20,
};

export const strip: StripRecord = {
  schema: 1,
  kind: 'strip',
  key: 'strip-1',
  experiment: 'made-up',
  row: 'strip',
  label: 'strip',
  paper: null,
  notes: [],
  model,
  plan: speed.plan,
  schedule: speed.schedule,
  dataset: { name: 'made-up data', split: 'test' },
  grid: { height: 1, width: 2 },
  classToken: 1,
  images: [
    {
      id: '0',
      label: { index: 0, name: 'a' },
      predicted: { index: 1, name: 'b' },
      dense: null,
      width: 2,
      height: 1,
      channels: 1,
      pixels: Buffer.from([0, 255]).toString('base64'),
      kept: [{ after: 5, positions: [0, 1] }],
    },
  ],
};

export const skipped: SkippedRecord = {
  schema: 1,
  kind: 'skipped',
  key: 'skipped-1',
  experiment: 'made-up',
  row: 'other',
  label: 'other',
  paper: null,
  dataset: 'ImageNet-1K',
  flops: { paper: 1, strict: 3 },
  tokens: [197],
  reason: 'the data is not there',
  howToRun: 'vssm bench --data DIR',
};

export const vision: VisionRecord = {
  schema: 1,
  kind: 'vision',
  key: 'dense-1',
  experiment: 'made-up',
  row: 'detector',
  label: 'dense',
  paper: { table: 2, row: 'made-up' },
  notes: [],
  model: {
    name: 'made-up detector',
    kind: 'maskrcnn',
    params: 7,
    weights: { from: 'checkpoint', file: 'made-up.pth', sha256: hash },
  },
  plan: { ...pruningPlan({ schedule: [] }, 'plainmamba'), schedule: [] },
  schedule: '',
  dataset: { name: 'COCO 2017', split: 'val2017', sha256: hash, total: 4 },
  images: 3,
  failed: [{ id: '7', error: 'unreadable' }],
  partial: false,
  figures: { boxAp: 40.5, maskAp: null },
  flops: { paper: 1, strict: 3 },
  input: { height: 800, width: 1344 },
  tokens: [4200],
  durationMs: 5,
};

/** A pruned detector with one image to draw. */
export const drawnVision: VisionRecord = {
  ...vision,
  key: 'dense-2',
  plan: { ...vision.plan, schedule: [{ after: 5, keep: 0.5 }] },
  schedule: '5@0.5',
  parts: [
    { part: 'layers', gflops: { paper: 0.75, strict: 2 }, ms: 4 },
    { part: 'masks', gflops: { paper: 0.25, strict: 1 }, ms: null },
    { part: 'pasted masks', gflops: null, ms: 1 },
  ],
  drawn: [
    {
      ...{ id: '1', height: 20, width: 40 },
      picture: { height: 1, width: 2, pixels: Buffer.from([0, 1, 2, 3, 4, 5]).toString('base64') },
      prediction: {
        kind: 'detections',
        found: 3,
        best: [{ class: { index: 0, name: 'cat' }, score: 0.5, box: [1, 2, 30, 20], mask: [0, 1, 1, 1] }],
      },
      windows: [
        {
          ...{ left: 0, top: 0, width: 64, height: 32, grid: { height: 1, width: 2 } },
          kept: [{ after: 5, cells: [1] }],
        },
      ],
    },
  ],
};

export const everyKind = [run, accuracy, speed, rival, profile, strip, skipped, shard, vision, drawnVision];
