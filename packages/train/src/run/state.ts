/**
 * A training run between two steps, as one .safetensors file that is replaced whole: the weights, their moving
 * average, the optimiser's moments, and the number of steps done. Order and augmentation of the images follow from the
 * recipe, so nothing else is needed to go on to the same bits.
 */
import { existsSync } from 'node:fs';
import { readSafetensors, writeSafetensors } from '@vssm/checkpoints';
import { float32, UserError } from '@vssm/core';
import type { TrainingVectors } from '../recipe/optimiser.ts';

/** Everything that decides where a run ends; two runs of one identity are the same run. */
export type RunIdentity = Readonly<Record<string, unknown>>;

const format = 'vssm-training-1';
const vectorNames = ['parameters', 'ema', 'first', 'second'] as const;

/** How far a run is, and what its log has not told yet. */
export interface Progress {
  /** Steps done. */
  readonly step: number;
  /** Since the log's last line: steps, the sum of their losses, and answers that were right: images, or pixels. */
  readonly untold: { readonly steps: number; readonly losses: number; readonly correct: number };
}

export const beginning: Progress = { step: 0, untold: { steps: 0, losses: 0, correct: 0 } };

export async function saveState(
  path: string,
  identity: RunIdentity,
  progress: Progress,
  vectors: TrainingVectors,
): Promise<void> {
  const tensors = new Map(
    vectorNames.map((name) => {
      const data = vectors[name];
      // Shared memory cannot be written to a file directly.
      return [
        name,
        float32([data.length], data.buffer instanceof SharedArrayBuffer ? Float32Array.from(data) : data),
      ];
    }),
  );
  await writeSafetensors(path, tensors, {
    format,
    progress: JSON.stringify(progress),
    run: JSON.stringify(identity),
  });
}

export interface StoredRun {
  readonly progress: Progress;
  /** The one asked for, and at which numbers of epochs it had been finished before and was prolonged. */
  readonly identity: RunIdentity;
  /** Whether it is finished as stored, and what was asked for goes on beyond that. */
  readonly isProlonged: boolean;
}

/**
 * Fills `vectors` and returns how far the run is; undefined where there is no state yet.
 *
 * @param identity of the run that is asked for
 * @throws UserError where the file is another run's; more epochs of a finished run are the same run, prolonged
 */
export async function loadState(
  path: string,
  identity: RunIdentity,
  vectors: TrainingVectors,
  stepsPerEpoch: number,
): Promise<StoredRun | undefined> {
  if (!existsSync(path)) return undefined;
  const { tensors, metadata } = await readSafetensors(path, { only: vectorNames });
  const progress = parsed(metadata.progress);
  if (metadata.format !== format || !isProgress(progress)) {
    throw new UserError(`${path}: not the state of a training run; give another --out folder`);
  }
  const stored = sameRun(path, parsed(metadata.run), identity, progress.step / stepsPerEpoch);
  for (const name of vectorNames) {
    const { data } = tensors.get(name)!;
    if (!(data instanceof Float32Array) || data.length !== vectors[name].length) {
      throw new UserError(
        `${path}: "${name}" is not ${vectors[name].length} numbers of F32; the file is damaged`,
      );
    }
    vectors[name].set(data);
  }
  return { progress, ...stored };
}

/** @param done epochs, with the part of the current one */
function sameRun(
  path: string,
  stored: unknown,
  identity: RunIdentity,
  done: number,
): Pick<StoredRun, 'identity' | 'isProlonged'> {
  const { prolonged = [], ...was } = isRecord(stored) ? stored : {};
  const wanted = JSON.parse(JSON.stringify(identity)) as RunIdentity;
  const before = Array.isArray(prolonged) ? prolonged : [];
  const other = isRecord(stored) ? difference(was, wanted) : 'everything';
  if (other === undefined) {
    return { identity: before.length === 0 ? identity : { ...identity, prolonged }, isProlonged: false };
  }
  const [fewer, more] = [epochsOf(was), epochsOf(wanted)];
  const onlyLonger = fewer < more && difference(was, withEpochs(wanted, fewer)) === undefined;
  if (onlyLonger && done === fewer) {
    return { identity: { ...identity, prolonged: [...before, fewer] }, isProlonged: true };
  }
  if (onlyLonger) {
    throw new UserError(
      `${path}: epoch ${done.toFixed(2)} of ${fewer}; finish the run with --epochs ${fewer}, then prolong it to ${more}`,
    );
  }
  throw new UserError(`${path}: another run's state, which differs in ${other}; give another --out folder`);
}

function epochsOf({ recipe }: RunIdentity): number {
  return isRecord(recipe) ? Number(recipe.epochs) : Number.NaN;
}

function withEpochs(identity: RunIdentity, epochs: number): RunIdentity {
  return { ...identity, recipe: { ...(identity.recipe as object), epochs } };
}

function isProgress(value: unknown): value is Progress {
  if (!isRecord(value) || !isRecord(value.untold)) return false;
  const { steps, losses, correct } = value.untold;
  return (
    [value.step, steps, correct].every((n) => Number.isSafeInteger(n) && Number(n) >= 0) &&
    Number.isFinite(losses)
  );
}

/** Anything but a document differs from every run. */
function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}

/** The path of the first field in which two documents differ, with both values. */
function difference(stored: unknown, wanted: unknown, path = ''): string | undefined {
  if (isRecord(stored) && isRecord(wanted)) {
    for (const key of new Set([...Object.keys(stored), ...Object.keys(wanted)])) {
      const found = difference(stored[key], wanted[key], path === '' ? key : `${path}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const [there, here] = [JSON.stringify(stored), JSON.stringify(wanted)];
  if (there === here) return undefined;
  return path === '' ? 'everything' : `${path} (${there} there, ${here} here)`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
