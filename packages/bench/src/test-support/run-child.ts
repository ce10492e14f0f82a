/**
 * A short real run in a separate process, to be cut off from outside: embedded model and images, ONNX Runtime;
 * only what is timed is made up. Arguments: run folder, images. Prints the outcome as JSON.
 */
import { densePlan, pruningPlan } from '@vssm/families';
import { alignmentArms, miniatureRows } from '../arms.ts';
import { openBackend } from '../backends.ts';
import { datasetSources } from '../datasets.ts';
import type { Experiment } from '../experiment.ts';
import { modelSource } from '../models.ts';
import { LineProgress } from '../progress.ts';
import { runBench } from '../run.ts';
import { madeUpBackend } from './made-up.ts';

const [out, limit] = process.argv.slice(2);
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
    sources: { models: modelSource(new Map()), datasets: datasetSources(undefined) },
    command: ['vssm', 'bench'],
    progress: new LineProgress(process.stderr),
    speedBudget: { warmup: 0, minRounds: 2, maxRounds: 2, ms: 0 },
    codeVersion: 'fixed',
  });
  process.stdout.write(JSON.stringify(outcome));
  process.exitCode = outcome.exitCode;
} catch (error) {
  process.stderr.write(`${(error as Error).name}: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
