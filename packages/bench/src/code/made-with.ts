/**
 * The code that a result was made with, as a hash that goes into its key. An edit of the method gives new keys without
 * anybody having to remember it; an edit of the report, of a test, of another backend, model family, head, rule or data set
 * leaves the results alone. What counts is found by following imports from where the work is done (module-graph.ts).
 */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { BackendName } from '@vssm/backend';
import { builtInRules, type PruningPlan } from '@vssm/core';
import type { DatasetId } from '../dataset-names.ts';
import { type Closure, type Entry, type Members, ModuleGraph } from './module-graph.ts';

const packagesFolder = fileURLToPath(new URL('../../../', import.meta.url));

const ownGraph = new ModuleGraph(packagesFolder);

const engines: Readonly<Record<BackendName, Entry>> = {
  reference: '@vssm/backend#referenceBackend',
  cpu: '@vssm/backend-cpu#cpuBackend',
  webgpu: '@vssm/backend-webgpu#webgpuBackend',
  wasm: '@vssm/backend-webgpu#wasmBackend',
  'webgpu-node': '@vssm/backend-webgpu#webgpuNodeBackend',
  cuda: '@vssm/backend-cuda#cudaBackend',
};

const loaders: Readonly<Record<DatasetId, Entry>> = {
  'fashion-mnist': '@vssm/datasets#openFashionMnist',
  imagenet: '@vssm/datasets#openImageNet',
};

const checkpoints: readonly Entry[] = [
  '@vssm/checkpoints#readCheckpoint',
  '@vssm/families/checkpoint#loadModel',
];

/** Where each kind of work is done, and what its weights come from. The engine of the backend is added, but for work that brings its own. */
const places = {
  accuracy: ['bench/src/evaluation/accuracy.ts', ...checkpoints],
  strip: ['bench/src/strip.ts', ...checkpoints],
  speed: ['bench/src/speed.ts', '@vssm/families#randomWeights'],
  rivals: ['bench/src/rivals/measure-rivals.ts', '@vssm/families#randomWeights'],
  profile: ['bench/src/rivals/measure-profile.ts', '@vssm/families#randomWeights'],
  detection: [
    'bench/src/vision/evaluate.ts',
    'bench/src/vision/detection.ts',
    '@vssm/checkpoints#readCheckpoint',
    '@vssm/vision-tasks/checkpoint#loadVisionModel',
    '@vssm/datasets#openCoco',
  ],
  segmentation: [
    'bench/src/vision/evaluate.ts',
    'bench/src/vision/segmentation.ts',
    '@vssm/checkpoints#readCheckpoint',
    '@vssm/vision-tasks/checkpoint#loadVisionModel',
    '@vssm/datasets#openAde20k',
  ],
} as const satisfies Readonly<Record<string, readonly Entry[]>>;

export { rooms } from './rooms.ts';

export type MadeBy = keyof typeof places;

const broughtAlong: ReadonlySet<MadeBy> = new Set(['rivals', 'profile', 'detection', 'segmentation']);

export interface MadeWith {
  readonly work: MadeBy;
  /** Engine of the models that are run. */
  readonly backend: BackendName;
  /** Data set of classified images, where there is one. */
  readonly dataset?: DatasetId;
  readonly members: Members;
}

/** The one family and rule that a plan is carried out with; `none` where there is none. */
export function membersOf(family: string, plan: PruningPlan): Members {
  if (plan.schedule.length === 0) return { family, rule: 'none', reduction: 'none' };
  const { signal, reduce } = plan;
  const reduced = signal !== 'file' && builtInRules[signal].reduced;
  return { family, rule: signal, reduction: reduced ? reduce : 'none' };
}

/** The files and libraries of a result. */
export function closureOf({ work, backend, dataset, members }: MadeWith, folder = packagesFolder): Closure {
  const data = dataset === undefined ? [] : [loaders[dataset]];
  const engine = broughtAlong.has(work) ? [] : [engines[backend]];
  return graphOf(folder).closure([...places[work], ...engine, ...data], members);
}

/** SHA-256, hex. */
export function codeOf(made: MadeWith, folder = packagesFolder): string {
  return hashOf(graphOf(folder), closureOf(made, folder));
}

/** Of everything that measures, on any backend: for the header of a run. SHA-256, hex. */
export function codeVersion(folder = packagesFolder): string {
  const graph = graphOf(folder);
  const entries = [...Object.values(places).flat(), ...Object.values(engines), ...Object.values(loaders)];
  return hashOf(graph, graph.closure(entries));
}

/** Of everything that trains, and evaluates what was trained: for the log of a training run. SHA-256, hex. */
export function trainingCode(folder = packagesFolder): string {
  const graph = graphOf(folder);
  const entries = [
    'train/src/run/train.ts',
    'train/src/experiment/run-experiment.ts',
    ...Object.values(places).flat(),
    ...Object.values(loaders),
  ];
  return hashOf(graph, graph.closure(entries));
}

/** Our own sources do not change under the running process, so each is read once. */
function graphOf(folder: string): ModuleGraph {
  return folder === packagesFolder ? ownGraph : new ModuleGraph(folder);
}

function hashOf(graph: ModuleGraph, { files, libraries }: Closure): string {
  const hash = createHash('sha256').update(`${libraries.join('\n')}\n`);
  for (const file of files) {
    const content = graph.content(file);
    hash.update(`${file}\t${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}
