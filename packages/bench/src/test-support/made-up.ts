/** A small made-up data set, a backend that answers from the pixels alone, and a request that joins them. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend } from '@vssm/backend';
import { UserError } from '@vssm/core';
import type { ImageDataset } from '@vssm/datasets';
import { densePlan, pruningPlan, randomWeights, vimSpec } from '@vssm/families';
import type { Experiment } from '../experiment.ts';
import type { AccuracyRow } from '../kinds/accuracy.ts';
import type { SpeedRow } from '../kinds/speed.ts';
import type { TrainedModel } from '../models.ts';
import { silentProgress } from '../progress.ts';
import type { BenchRequest } from '../run.ts';

export const newFolder = () => join(mkdtempSync(join(tmpdir(), 'bench-')), 'results');

/** 28x28 as Fashion-MNIST, little else. */
export const spec = vimSpec({
  imageHeight: 28,
  imageWidth: 28,
  inChannels: 1,
  patchSize: 7,
  stride: 7,
  classes: 10,
  width: 8,
  depth: 4,
  stateSize: 2,
});

export const trained: TrainedModel = {
  spec,
  weights: randomWeights(spec),
  file: 'made-up.pth',
  sha256: '12'.repeat(32),
  familyFrom: 'default',
};

/** Image i is of class i % 10; its first pixel is i, the rest is empty. */
export function madeUpDataset(count: number, unreadable: readonly number[] = []): ImageDataset {
  return {
    name: 'fashion-mnist',
    split: 'test',
    classes: Array.from({ length: 10 }, (_, label) => `class ${label}`),
    samples: Array.from({ length: count }, (_, index) => ({
      index,
      id: `image-${index}`,
      label: index % 10,
    })),
    checksum: 'ab'.repeat(32),
    channels: 1,
    height: 28,
    width: 28,
    async load(index) {
      if (unreadable.includes(index)) throw new UserError(`image-${index}: cannot be decoded`);
      const pixels = new Float32Array(28 * 28);
      pixels[0] = index;
      return pixels;
    },
    async preview() {
      return { width: 28, height: 28, data: new Uint8Array(28 * 28 * 3).fill(9) };
    },
    async close() {},
  };
}

export interface MadeUpBackend extends Backend {
  /** Batches that were run, as the images' first pixels; the calibration's included. */
  readonly batches: number[][];
}

/**
 * Right about every image but each seventh. `onBatch` is called before each batch of the made-up model, and may
 * throw.
 */
export function madeUpBackend(onBatch: (batch: number[]) => void = () => {}): MadeUpBackend {
  const batches: number[][] = [];
  return {
    name: 'cpu',
    batches,
    async probe() {
      return { available: true, details: {}, accelerator: null };
    },
    async load({ spec: { classes, imageHeight, imageWidth, inChannels, width }, plan }) {
      const size = imageHeight * imageWidth * inChannels;
      return {
        async run(batch) {
          const images = Array.from({ length: batch.size }, (_, item) => batch.pixels[item * size]);
          if (width === spec.width) {
            onBatch(images);
            batches.push(images);
          }
          const logits = new Float32Array(batch.size * classes);
          for (const [item, image] of images.entries()) {
            const answer = image % 7 === 6 ? image + 1 : image;
            logits[item * classes + (Math.abs(Math.round(answer)) % 10)] = 1;
          }
          const kept = new Map(plan.schedule.map(({ after }) => [after, Int32Array.from([8, 2, 0])]));
          return { logits, kept };
        },
        async dispose() {},
      };
    },
  };
}

const place = { kind: 'accuracy', model: 'vim-nano-fmnist', dataset: 'fashion-mnist', paper: null } as const;

export function accuracyRow(id: string, change: Partial<AccuracyRow> = {}): AccuracyRow {
  const plan = pruningPlan({ schedule: [{ after: 2, keep: 0.5 }] });
  return { ...place, id, label: id, notes: [], images: 'sample', plan, ...change };
}

export const denseRow = accuracyRow('dense', { plan: densePlan, images: 'all' });

export const speedRows: readonly SpeedRow[] = [
  ['dense', densePlan, null] as const,
  ['pruned', pruningPlan({ schedule: [{ after: 5, keep: 0.5 }] }), 'dense'] as const,
].map(([id, plan, against]) => ({
  kind: 'speed',
  id,
  label: id,
  model: 'vim-tiny',
  plan,
  batch: 2,
  against,
  paper: null,
  notes: [],
}));

export function experimentOf(rows: Experiment['rows'], id = 'made-up'): Experiment {
  return { id, title: id, paperFile: null, rows };
}

export function requestOf(
  rows: Experiment['rows'],
  change: Partial<BenchRequest> & { readonly backend: BenchRequest['backend'] },
): BenchRequest {
  return {
    experiments: [experimentOf(rows)],
    out: newFolder(),
    only: [],
    full: false,
    threads: 1,
    sources: sourcesOf(madeUpDataset(1000)),
    command: ['vssm', 'bench'],
    progress: silentProgress,
    sampleSizes: { 'fashion-mnist': 600, imagenet: 10 },
    speedBudget: { warmup: 1, minRounds: 3, maxRounds: 3, ms: 0 },
    availableMemory: 2 ** 40,
    codeVersion: 'made-up',
    ...change,
  };
}

export function sourcesOf(dataset: ImageDataset): BenchRequest['sources'] {
  return {
    models: (id) => (id === 'vim-nano-fmnist' ? Promise.resolve(trained) : null),
    datasets: { 'fashion-mnist': async () => dataset, imagenet: () => null },
  };
}

export function opened(backend: Backend): BenchRequest['backend'] {
  const accelerator = 'made-up GPU';
  return { name: 'cpu', form: 'made-up', runtime: 'none 1', accelerator, backend, latency: backend };
}
