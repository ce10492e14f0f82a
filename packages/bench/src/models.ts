/** The models that experiments name, and where their weights come from. */
import { fileURLToPath } from 'node:url';
import { readCheckpoint } from '@vssm/checkpoints';
import { UserError, type Weights } from '@vssm/core';
import { type ModelName, type ModelSpec, models, publishedModels } from '@vssm/families';
import { type FamilyEvidence, loadModel } from '@vssm/families/checkpoint';
import { isVisionModelName, type VisionModelName, visionModels } from '@vssm/vision-tasks';

export type ModelId =
  | 'vim-nano-fmnist'
  | 'vim-nano-197'
  | 'vim-nano-197-top'
  | 'plainmamba-nano'
  | 'plainmamba-mini'
  | 'plainmamba-mini-top'
  | 'vim-mini'
  | 'vim-mini-top'
  | ModelName;

interface BenchModel {
  /** In print. */
  readonly name: string;
  /** Null where the checkpoint alone tells. */
  readonly spec: ModelSpec | null;
  /** The checkpoint that ships with the project. */
  readonly embedded: string | null;
  /** Where the public weights are, for people. */
  readonly published: string | null;
}

export const benchModels: Readonly<Record<ModelId, BenchModel>> = {
  'vim-nano-fmnist': {
    name: 'Vim-nano (Fashion-MNIST)',
    spec: null,
    embedded: embedded('vim-nano-fmnist.pth'),
    published: null,
  },
  // Trained by this project, see benchmarks/finetuning.
  'vim-nano-197': {
    name: 'Vim-nano-197 (Fashion-MNIST)',
    spec: null,
    embedded: embedded('vim-nano-197.safetensors'),
    published: null,
  },
  'vim-nano-197-top': {
    name: 'Vim-nano-197, fine-tuned with ToP (Fashion-MNIST)',
    spec: null,
    embedded: embedded('vim-nano-197-top.safetensors'),
    published: null,
  },
  // Trained by this project, see datasets/fashion-mnist/CHECKPOINT.md.
  'plainmamba-nano': {
    name: 'PlainMamba-nano (Fashion-MNIST)',
    spec: null,
    embedded: embedded('plainmamba-nano.safetensors'),
    published: null,
  },
  // Trained by this project, see benchmarks/headline.
  'plainmamba-mini': {
    name: 'PlainMamba-mini (Fashion-MNIST)',
    spec: null,
    embedded: embedded('plainmamba-mini.safetensors'),
    published: null,
  },
  'plainmamba-mini-top': {
    name: 'PlainMamba-mini, fine-tuned with ToP (Fashion-MNIST)',
    spec: null,
    embedded: embedded('plainmamba-mini-top.safetensors'),
    published: null,
  },
  'vim-mini': {
    name: 'Vim-mini (Fashion-MNIST)',
    spec: null,
    embedded: embedded('vim-mini.safetensors'),
    published: null,
  },
  'vim-mini-top': {
    name: 'Vim-mini, fine-tuned with ToP (Fashion-MNIST)',
    spec: null,
    embedded: embedded('vim-mini-top.safetensors'),
    published: null,
  },
  ...publishedOnes(),
};

function embedded(file: string): string {
  return fileURLToPath(new URL(`../../../datasets/fashion-mnist/${file}`, import.meta.url));
}

function publishedOnes(): Readonly<Record<ModelName, BenchModel>> {
  const entries = (Object.keys(models) as ModelName[]).map((model): [ModelName, BenchModel] => {
    const { title, weights } = publishedModels[model];
    return [model, { name: title, spec: models[model], embedded: null, published: weights }];
  });
  return Object.fromEntries(entries) as Record<ModelName, BenchModel>;
}

export interface TrainedModel {
  readonly spec: ModelSpec;
  readonly weights: Weights;
  /** Name of the file, without its folder. */
  readonly file: string;
  readonly sha256: string;
  readonly familyFrom: FamilyEvidence;
}

/** Reads a model's trained weights; null where there are none on this machine. */
export type ModelSource = (model: ModelId) => Promise<TrainedModel> | null;

/** @param given files named by the user, by model; they replace embedded ones */
export function modelSource(given: ReadonlyMap<ModelId, string>): ModelSource {
  return (model) => {
    const file = given.get(model) ?? benchModels[model].embedded;
    return file === null ? null : readTrained(model, file);
  };
}

async function readTrained(model: ModelId, path: string): Promise<TrainedModel> {
  const checkpoint = await readCheckpoint(path);
  const expected = benchModels[model].spec;
  // Whoever gives a published model's file says whose it is.
  const asked = expected === null ? {} : { family: expected.family };
  const { spec, weights, familyFrom } = loadModel(checkpoint, asked);
  if (expected !== null) refuseOther(model, path, spec, expected);
  return { spec, weights, file: path.split(/[\\/]/).at(-1)!, sha256: checkpoint.sha256, familyFrom };
}

function refuseOther(model: ModelId, path: string, found: ModelSpec, expected: ModelSpec): void {
  const wrong = (Object.keys(expected) as (keyof ModelSpec)[]).filter(
    (name) => String(found[name]) !== String(expected[name]),
  );
  if (wrong.length === 0) return;
  const differences = wrong.map((name) => `${name} ${found[name]} instead of ${expected[name]}`);
  throw new UserError(`checkpoint ${path} is not ${model}: ${differences.join(', ')}`);
}

/** `vim-small=FILE`, several times, as on the command line; those of detectors and segmenters are passed over. */
export function parseCheckpointOptions(options: readonly string[]): ReadonlyMap<ModelId, string> {
  return checkpointFiles(options, (model): model is ModelId => Object.hasOwn(benchModels, model));
}

/** Those of detectors and segmenters, `plainmamba-l1-maskrcnn=FILE`. */
export function parseVisionCheckpoints(options: readonly string[]): ReadonlyMap<VisionModelName, string> {
  return checkpointFiles(options, isVisionModelName);
}

function checkpointFiles<Id extends string>(
  options: readonly string[],
  wanted: (model: string) => model is Id,
): ReadonlyMap<Id, string> {
  const files = new Map<Id, string>();
  for (const option of options) {
    const at = option.indexOf('=');
    const model = option.slice(0, Math.max(at, 0));
    const known = Object.hasOwn(benchModels, model) || isVisionModelName(model);
    if (!known || at === option.length - 1) {
      throw new UserError(
        `--checkpoint "${option}": expected MODEL=FILE with MODEL one of ${[...Object.keys(benchModels), ...Object.keys(visionModels)].join(', ')}`,
      );
    }
    if (!wanted(model)) continue;
    if (files.has(model)) throw new UserError(`--checkpoint ${model} is given twice`);
    files.set(model, option.slice(at + 1));
  }
  return files;
}
