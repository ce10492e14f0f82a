/** Made-up evidence for tests: a run of every kind of record and a paper table. No number here was measured. */
import { createHash } from 'node:crypto';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { formatSchedule, type PruningPlan } from '@vssm/core';
import { modelFlops, pruningPlan, tokenCounts, vimModels, vimSpec } from '@vssm/families';
import {
  type AccuracyRecord,
  openResults,
  type PaperTable,
  type RunRecord,
  type SkippedRecord,
  type SpeedRecord,
  type StripRecord,
} from '@vssm/results';
import { madeUpComparisons } from './made-up-comparisons.ts';
import { madeUpExecutions, madeUpProfiles } from './made-up-executions.ts';
import { temporaryFolder } from './temporary-folder.ts';

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

/** A number in [0, 1) that depends on the name alone. */
const chance = (name: string) => Number.parseInt(digest(name).slice(0, 8), 16) / 2 ** 32;

const nano = vimSpec({
  imageHeight: 28,
  imageWidth: 28,
  inChannels: 1,
  patchSize: 4,
  stride: 4,
  width: 48,
  depth: 8,
  stateSize: 8,
  classes: 10,
});

const nanoModel: AccuracyRecord['model'] = {
  name: 'Vim-made-up',
  spec: nano,
  params: 1234,
  weights: { from: 'checkpoint', file: 'made-up.pth', sha256: digest('weights') },
};

const run: RunRecord = {
  schema: 1,
  kind: 'run',
  key: 'run-1',
  createdAt: '2001-02-03T04:05:06Z',
  projectVersion: '0.0.0',
  git: { commit: 'abcdef0123456789', dirty: true },
  code: 'made-up',
  environment: {
    node: 'v0.0.0',
    os: 'made-up OS 1',
    arch: 'x64',
    cpu: 'made-up CPU',
    cores: 2,
    memoryBytes: 8 * 2 ** 30,
    accelerator: null,
    libraries: { 'onnxruntime-node': '0.0.0' },
  },
  command: ['vssm', 'bench'],
  seeds: { sample: 1 },
};

function head(experiment: string, row: string, label = row) {
  return {
    schema: 1 as const,
    experiment,
    row,
    label,
    paper: null,
    notes: [],
    key: `${experiment}.${row}`.replaceAll('@', '-'),
  };
}

type Arm = Partial<Omit<PruningPlan, 'schedule'>>;

const naive: Arm = { alignment: 'none', conv: 'compact' };
const arms: Readonly<Record<string, Readonly<Record<string, Arm>>>> = {
  'table1-imagenet': {
    evit: { signal: 'evit', ...naive },
    random: { signal: 'random', ...naive },
    top: {},
    released: {
      signal: 'gated-backward',
      reduce: 'sum',
      order: 'mirrored',
      tokenOrder: 'recentred',
      ...naive,
    },
  },
  'table4-importance': { clip: {}, sum: { reduce: 'sum' }, l1: { reduce: 'l1' }, l2: { reduce: 'l2' } },
  'table5-alignment': {
    'none-compact-recentred': { ...naive, tokenOrder: 'recentred' },
    'none-compact': naive,
    'none-positional': { alignment: 'none', conv: 'positional' },
    'decay-compact': { alignment: 'decay', conv: 'compact' },
    'decay-positional': {},
    mask: { alignment: 'mask' },
  },
};

/** Of its own experiment, in a run of its own. */
const leagueArms: typeof arms = {
  league: {
    top: {},
    l1: { reduce: 'l1' },
    'top-compact': naive,
    'contribution-recentred': { signal: 'class-contribution', tokenOrder: 'recentred', ...naive },
    'contribution-merge': { signal: 'class-contribution', operation: 'merge' },
    tome: { signal: 'tome', tokenOrder: 'proportional', ...naive },
    'tome-drop': { signal: 'tome', operation: 'drop' },
    utr: { signal: 'utr' },
    random: { signal: 'random', operation: 'merge' },
  },
};

function giga(spec: typeof nano, plan: PruningPlan): AccuracyRecord['flops'] {
  return {
    paper: modelFlops(spec, plan, 'paper').total / 1e9,
    strict: modelFlops(spec, plan, 'strict').total / 1e9,
  };
}

interface Written {
  readonly folder: string;
  readonly accuracy: AccuracyRecord[];
  readonly speed: SpeedRecord[];
  readonly strip: StripRecord;
  readonly skipped: SkippedRecord[];
}

interface RunOptions {
  readonly partial?: boolean;
  readonly hostile?: string;
  /** The league alone. */
  readonly league?: boolean;
}

const written = new Map<string, Written>();

/**
 * A whole run folder with predictions, in a new temporary folder. It is written once in a process, as every line
 * waits for the disk, and copied from then on.
 */
export function writeMadeUpRun(options: RunOptions = {}): Written {
  const name = JSON.stringify(options);
  const first = written.get(name) ?? writeRun(options);
  written.set(name, first);
  const folder = join(temporaryFolder(), 'run');
  cpSync(first.folder, folder, { recursive: true });
  return { ...structuredClone(first), folder };
}

function writeRun(options: RunOptions): Written {
  const folder = join(temporaryFolder(), 'run');
  const results = openResults(folder);
  const text = options.hostile ?? '';
  results.append({ ...run, environment: { ...run.environment, cpu: run.environment.cpu + text } });

  const images = 400;
  const addAccuracy = (experiment: string, row: string, plan: PruningPlan, rate: number): AccuracyRecord => {
    const record = head(experiment, row, row + text);
    const file = results.predictions(record.key);
    const lines = Array.from({ length: images }, (_, index) => {
      const right = chance(`image ${index}`) * 0.8 + chance(`${index} ${JSON.stringify(plan)}`) * 0.2 < rate;
      const rest = [1, 2, 3, 4].map((step) => (index + step + 1) % 10);
      return { index, label: index % 10, top: [(index + (right ? 0 : 1)) % 10, ...rest] };
    });
    file.append(lines);
    const correct1 = lines.filter(({ label, top }) => top[0] === label).length;
    const top1 = (100 * correct1) / images;
    const accuracy: AccuracyRecord = {
      ...record,
      kind: 'accuracy',
      model: { ...nanoModel, name: nanoModel.name + text },
      plan: structuredClone(plan) as AccuracyRecord['plan'],
      schedule: formatSchedule(plan.schedule),
      dataset: { name: `made-up data${text}`, split: 'test', sha256: digest('data'), total: 1000 },
      sample: {
        count: images,
        how: options.partial === true ? 'limit' : 'stratified',
        seed: 1,
        idsHash: digest('ids'),
        partial: options.partial === true,
      },
      backend: { name: 'cpu', form: 'whole' },
      count: images,
      correct1,
      correct5: correct1,
      failed: [],
      top1,
      top5: top1,
      interval: [Math.max(0, top1 - 3), Math.min(100, top1 + 3)],
      flops: giga(nano, plan),
      tokens: [...tokenCounts(nano, plan)],
      durationMs: 1234,
      predictions: file.finish(),
    };
    results.append(accuracy);
    return accuracy;
  };

  const dense = pruningPlan({ schedule: [] });
  const isLeague = options.league === true;
  const accuracy = [addAccuracy(isLeague ? 'league' : 'table1-imagenet', 'dense', dense, 0.85)];
  for (const [experiment, named] of Object.entries(isLeague ? leagueArms : arms)) {
    for (const [name, arm] of Object.entries(named)) {
      for (const keep of [0.9, 0.7, 0.5]) {
        const plan = pruningPlan({ ...arm, schedule: [2, 4, 6].map((after) => ({ after, keep })) });
        const rate = 0.85 * keep ** (0.6 + 0.5 * chance(JSON.stringify({ ...plan, schedule: [] })));
        accuracy.push(addAccuracy(experiment, `${name}@${keep}`, plan, rate));
      }
    }
  }

  const speed: SpeedRecord[] = [];
  for (const [name, after] of [
    ['vim-tiny', [10, 20]],
    ['vim-small', [5, 10, 15]],
  ] as const) {
    const spec = vimModels[name];
    for (const schedule of [[], after.map((block) => ({ after: block, keep: 0.8 }))]) {
      const plan = pruningPlan({ schedule });
      const flops = giga(spec, plan);
      const medianMs = 40 * flops.strict;
      const samplesMs = [0.96, 0.99, 1, 1.02, 1.05].map((factor) => factor * medianMs);
      const dense = speed.find(({ model, schedule: of }) => of === '' && model.name === name);
      const record: SpeedRecord = {
        ...head('speed', `${name}-${schedule.length === 0 ? 'dense' : 'pruned'}`),
        paper: { table: 1, row: `${name}-${schedule.length === 0 ? 'dense' : 'top'}` },
        kind: 'speed',
        model: { name, spec, params: 5678, weights: { from: 'random', seed: 1 } },
        plan: structuredClone(plan) as SpeedRecord['plan'],
        schedule: formatSchedule(schedule),
        backend: { name: 'cpu', form: 'whole' },
        threads: 2,
        batch: 1,
        warmup: 1,
        samplesMs,
        medianMs,
        minMs: samplesMs[0],
        maxMs: samplesMs[4],
        spread: 0.03,
        speedup:
          dense === undefined
            ? null
            : {
                against: dense.key,
                denseSamplesMs: dense.samplesMs,
                median: dense.medianMs / medianMs,
                min: (0.97 * dense.medianMs) / medianMs,
                max: (1.04 * dense.medianMs) / medianMs,
              },
        flops,
        tokens: [...tokenCounts(spec, plan)],
        durationMs: 100,
      };
      speed.push(record);
      results.append(record);
    }
  }

  const measured = isLeague
    ? []
    : [...madeUpExecutions(text), ...madeUpProfiles(text), ...madeUpComparisons(text)];
  for (const record of measured) results.append(record);

  const strip = madeUpStrip(text);
  results.append(strip);
  const skipped: SkippedRecord[] = ['vim-tiny-dense', 'vim-tiny-top', 'plainmamba-l1-dense'].map((row) => ({
    schema: 1,
    kind: 'skipped',
    key: `skipped.${row}`,
    experiment: 'table1-imagenet',
    row,
    label: row + text,
    paper: { table: 1, row },
    dataset: 'ImageNet-1K',
    flops: null,
    tokens: null,
    reason: row.startsWith('plain') ? `not built yet${text}` : `the data is not given${text}`,
    howToRun: `pnpm bench --imagenet DIR${text}`,
  }));
  for (const record of skipped) results.append(record);
  results.close();
  return { folder, accuracy, speed, strip, skipped };
}

/** Of 49 patches, 1 in all. */
function partsOf(name: string): number[] {
  const parts = Array.from({ length: 49 }, (_, patch) => chance(`${name} ${patch}`) ** 4);
  const sum = parts.reduce((total, part) => total + part);
  return parts.map((part) => part / sum);
}

function madeUpStrip(text: string): StripRecord {
  const plan = pruningPlan({ schedule: [2, 4, 6].map((after) => ({ after, keep: 0.7 })) });
  const counts = tokenCounts(nano, plan);
  return {
    ...head('table1-imagenet', 'strip'),
    kind: 'strip',
    model: nanoModel,
    plan: structuredClone(plan) as StripRecord['plan'],
    schedule: formatSchedule(plan.schedule),
    dataset: { name: 'made-up data', split: 'test' },
    grid: { height: 7, width: 7 },
    classToken: 24,
    images: Array.from({ length: 4 }, (_, image) => {
      const pixels = Uint8Array.from({ length: 784 }, (_, at) => {
        const [x, y] = [(at % 28) - 13.5, Math.floor(at / 28) - 13.5];
        return Math.max(0, 255 - 18 * Math.abs(Math.hypot(x, y * (1 + image / 4)) - 8));
      });
      const ranked = Array.from({ length: 50 }, (_, position) => position).sort(
        (a, b) => Number(b === 24) - Number(a === 24) || chance(`${image} ${a}`) - chance(`${image} ${b}`),
      );
      return {
        id: `test/${image}${text}`,
        label: { index: image, name: `class ${image}${text}` },
        predicted: { index: image % 3, name: `class ${image % 3}` },
        dense: { index: image, name: `class ${image}` },
        width: 28,
        height: 28,
        channels: 1 as const,
        pixels: Buffer.from(pixels).toString('base64'),
        kept: plan.schedule.map(({ after }, step) => ({
          after,
          positions: ranked.slice(0, counts[step + 1]).sort((a, b) => a - b),
        })),
        // Of one picture nothing is told, as in records of backends that do not.
        ...(image > 0 && { read: { dense: partsOf(`${image} dense`), pruned: partsOf(`${image} pruned`) } }),
      };
    }),
  };
}

export const paper: PaperTable = {
  table: 1,
  title: 'Made-up comparison',
  dataset: 'ImageNet-1K',
  images: 1000,
  rows: [
    {
      id: 'vim-tiny-dense',
      model: 'Vim-T (made up)',
      method: 'dense',
      values: { top1: { value: 11.25, source: 'T' }, gflops: { value: 1.45, source: 'T' } },
    },
    {
      id: 'vim-tiny-top',
      model: 'Vim-T (made up)',
      method: 'top',
      schedule: '10,20@0.8',
      values: { top1: { value: 10.75, source: 'T' }, gflops: { value: 1.29, source: 'T' } },
    },
    {
      id: 'vim-small-dense',
      model: 'Vim-S (made up)',
      method: 'dense',
      values: { top1: { value: 12.5, source: 'S, T' }, gflops: { value: 9.99, source: 'T' } },
    },
    {
      id: 'plainmamba-l1-dense',
      model: 'PlainMamba-L1',
      method: 'dense',
      values: { top1: { text: 'a little more', source: 'S' }, gflops: { value: null, reason: 'not known' } },
      note: 'a note of the row',
    },
  ],
  logs: [
    {
      id: 'log-1',
      model: 'Vim-T (made up)',
      schedule: '10,20@0.8',
      values: { top1Before: { value: 7.125, source: 'L' }, top1Best: { value: 8.125, source: 'L' } },
    },
  ],
  claims: [{ id: 'claim-1', text: 'Much is lost.', source: 'S' }],
  sources: { T: 'a later table', S: 'somebody’s summary', L: 'the authors’ logs' },
};
