/**
 * Table 1 of the paper: top-1 against GFLOPs. Its rows and the schedules of the authors' logs run on
 * ImageNet-1K where its images and the public checkpoints are given; a small Vim on embedded Fashion-MNIST runs
 * always.
 */
import { fileURLToPath } from 'node:url';
import {
  type AccuracyRow,
  alignmentArms,
  type Experiment,
  evit,
  evitAligned,
  imageNetRow,
  type ModelId,
  masked,
  miniatureBlocks,
  miniatureDense,
  miniatureRows,
  type PlainMambaModel,
  plainMambaEvit,
  plainMambaRow,
  randomArms,
  released,
  type StripRow,
  stepsAfter,
  top,
} from '@vssm/bench';
import { formatSchedule, type PruningStep } from '@vssm/core';
import { densePlan, families, pruningPlan } from '@vssm/families';

const trainingFree =
  'Training-free here; the published accuracy of a pruned model is after 30 epochs of fine-tuning.';

/** Schedules that reproduce the GFLOPs of the paper's Vim rows to two decimals. */
const published: readonly [model: 'vim-tiny' | 'vim-small', schedule: readonly PruningStep[]][] = [
  ['vim-tiny', stepsAfter([10], 0.8)],
  ['vim-small', stepsAfter([5, 10, 15], 0.8)],
];

/** Schedules of the authors' fine-tuning logs. */
const logged: typeof published = [
  ['vim-tiny', stepsAfter([10, 20], 0.8)],
  ['vim-small', stepsAfter([5, 15], 0.8)],
  ['vim-small', stepsAfter([5, 15], 0.75)],
  ['vim-small', stepsAfter([5, 15], 0.7)],
  ['vim-small', stepsAfter([5, 10, 15], 0.8)],
];

function denseRow(model: ModelId): AccuracyRow {
  return {
    kind: 'accuracy',
    id: `${model}-dense`,
    label: 'dense',
    model,
    dataset: 'imagenet',
    images: 'sample',
    plan: densePlan,
    paper: { table: 1, row: `${model}-dense` },
    notes: [],
  };
}

const imageNetRows: AccuracyRow[] = published.flatMap(([model, schedule]) => [
  denseRow(model),
  ...[evit, top].map((arm) => {
    const paper = { table: 1, row: `${model}-${arm.id}` };
    return imageNetRow({ model, arm, schedule, paper, notes: [trainingFree] });
  }),
]);

/** Whether the logs' runs removed tokens or masked them is not known, so both are run. */
const logRows: AccuracyRow[] = logged.flatMap(([model, schedule]) => {
  const name = `${model}-${formatSchedule(schedule)}`;
  const paper = { table: 1, row: `log-${name}` };
  const notes = ["A schedule of the authors' logs; which commit wrote the log is not known."];
  return [released, masked, top].map((arm) =>
    imageNetRow({ id: `${name}-${arm.id}`, model, arm, schedule, paper, notes }),
  );
});

const plainMambaModels: readonly PlainMambaModel[] = ['plainmamba-l1', 'plainmamba-l2', 'plainmamba-l3'];

const plainMambaRows: AccuracyRow[] = plainMambaModels.flatMap((model) => [
  denseRow(model),
  ...[plainMambaEvit, top].map((arm) =>
    plainMambaRow(model, arm, { table: 1, row: `${model}-${arm.id}` }, [trainingFree]),
  ),
]);

/** Other families' models; the schedules are those of Vim of about the same size, carried over. */
const carriedOver: readonly [
  model: ModelId,
  family: 'videomamba' | 'mambareg',
  readonly PruningStep[] | null,
][] = [
  ['videomamba-tiny', 'videomamba', stepsAfter([10], 0.8)],
  ['videomamba-small', 'videomamba', stepsAfter([5, 10, 15], 0.8)],
  ['videomamba-middle', 'videomamba', null],
  ['videomamba-base', 'videomamba', stepsAfter([5, 10, 15], 0.8)],
  ['mambareg-small', 'mambareg', stepsAfter([5, 10, 15], 0.8)],
  ['mambareg-base', 'mambareg', stepsAfter([5, 10, 15], 0.8)],
  ['mambareg-large', 'mambareg', null],
];

const otherRows: AccuracyRow[] = carriedOver.flatMap(([model, family, schedule]) => {
  if (schedule === null) return [denseRow(model)];
  const arms = [{ ...evit, notes: [families[family].words.evitNote] }, top];
  const notes = [
    'The schedule is Vim’s, carried over: nobody has published one for this family.',
    trainingFree,
  ];
  return [
    denseRow(model),
    ...arms.map((arm) =>
      imageNetRow({ model, arm, schedule, paper: { table: 1, row: `${model}-${arm.id}` }, notes }),
    ),
  ];
});

const miniature: AccuracyRow[] = [
  { ...miniatureDense(), id: 'nano-dense', label: 'dense, every image', images: 'all' },
  miniatureDense('nano-dense'),
  ...miniatureRows([...alignmentArms, evit, evitAligned, ...randomArms, released]),
];

function strips(
  prefix: string,
  { model, dataset, classes }: Pick<StripRow, 'model' | 'dataset' | 'classes'>,
  schedule: readonly PruningStep[],
): StripRow[] {
  return [top, evit].map((arm) => ({
    kind: 'strip',
    id: `${prefix}-pictures-${arm.id}`,
    label: `${arm.label}, ${formatSchedule(schedule)}`,
    model,
    dataset,
    classes,
    plan: pruningPlan({ ...arm.options, schedule }),
    paper: null,
    notes: ['The first image of each class that the dense model classifies correctly.'],
  }));
}

export const experiment: Experiment = {
  id: 'table1-imagenet',
  title: 'accuracy against GFLOPs',
  paperFile: fileURLToPath(new URL('./paper.json', import.meta.url)),
  rows: [
    ...miniature,
    // Ankle boot, bag, trouser, sandal, dress, T-shirt.
    ...strips(
      'nano',
      { model: 'vim-nano-fmnist', dataset: 'fashion-mnist', classes: [9, 8, 1, 5, 3, 0] },
      stepsAfter(miniatureBlocks, 0.7),
    ),
    ...imageNetRows,
    ...logRows,
    // Golden retriever, tabby, giant panda, sports car, strawberry, pizza.
    ...strips(
      'vim-small',
      { model: 'vim-small', dataset: 'imagenet', classes: [207, 281, 388, 817, 949, 963] },
      stepsAfter([5, 10, 15], 0.8),
    ),
    ...plainMambaRows,
    ...otherRows,
  ],
};
