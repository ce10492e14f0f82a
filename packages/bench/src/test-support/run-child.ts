/**
 * A short real run in a separate process, to be cut off from outside: embedded model and images, ONNX Runtime;
 * only what is timed is made up. Arguments: run folder, images, and perhaps how many images it reads before it says
 * "running" and reads no more until a signal comes: so a test decides where it is cut off, and no clock does. Prints
 * the outcome as JSON, with the number of images that were read.
 */
import type { ImageDataset } from '@vssm/datasets';
import { densePlan, pruningPlan } from '@vssm/families';
import { alignmentArms, miniatureRows } from '../arms.ts';
import { openBackend } from '../backends.ts';
import { type DatasetSource, datasetSources } from '../datasets.ts';
import type { Experiment } from '../experiment.ts';
import { modelSource } from '../models.ts';
import { LineProgress } from '../progress.ts';
import { runBench } from '../run.ts';
import { madeUpBackend } from './made-up.ts';

const [out, limit, most = 'Infinity'] = process.argv.slice(2);

let loads = 0;
let told = false;
const held = new Promise<void>((resolve) => process.once('SIGINT', () => resolve()));

async function counted(dataset: ReturnType<DatasetSource>): Promise<ImageDataset> {
  const opened = await dataset!;
  return {
    ...opened,
    async load(index) {
      if (loads === Number(most)) {
        // Several images may be waited for at once.
        if (!told) process.stdout.write('running');
        told = true;
        await held;
      }
      loads++;
      return opened.load(index);
    },
  };
}

const datasets = datasetSources(undefined);
const model = { model: 'vim-nano-fmnist', dataset: 'fashion-mnist' } as const;
const words = { paper: null, notes: [] };
const schedule = [{ after: 4, keep: 0.5 }];
const pruned = miniatureRows(alignmentArms.slice(0, 2)).filter(({ id }) => id.endsWith('@0.5'));

const experiment: Experiment = {
  id: 'short',
  title: 'short',
  paperFile: null,
  rows: [
    { ...words, ...model, kind: 'accuracy', id: 'dense', label: 'dense', plan: densePlan, images: 'all' },
    ...pruned,
    {
      ...words,
      ...model,
      kind: 'strip',
      id: 'strip',
      label: 'strip',
      plan: pruningPlan({ schedule }),
      classes: [9, 1],
    },
    {
      ...words,
      kind: 'speed',
      id: 'tiny',
      label: 'tiny',
      model: 'vim-tiny',
      plan: densePlan,
      batch: 1,
      against: null,
    },
    {
      ...words,
      kind: 'speed',
      id: 'tiny-pruned',
      label: 'tiny-pruned',
      model: 'vim-tiny',
      plan: pruningPlan({ schedule }),
      batch: 1,
      against: 'tiny',
    },
  ],
};

try {
  const outcome = await runBench({
    // The second experiment shares the first one's evaluations.
    experiments: [experiment, { ...experiment, id: 'shared', rows: pruned }],
    out,
    only: [],
    full: false,
    limit: Number(limit),
    backend: { ...(await openBackend('cpu')), latency: madeUpBackend() },
    threads: 2,
    sources: {
      models: modelSource(new Map()),
      datasets: { ...datasets, 'fashion-mnist': (recipe) => counted(datasets['fashion-mnist'](recipe)) },
    },
    command: ['vssm', 'bench'],
    progress: new LineProgress(process.stderr),
    speedBudget: { warmup: 0, minRounds: 2, maxRounds: 2, ms: 0 },
    codeVersion: 'fixed',
    // However busy the machine is.
    graceMs: 600_000,
  });
  process.stdout.write(JSON.stringify({ ...outcome, loads }));
  process.exitCode = outcome.exitCode;
} catch (error) {
  process.stderr.write(`${(error as Error).name}: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
