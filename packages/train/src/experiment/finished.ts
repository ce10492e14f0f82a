/** A training that is done, as `outcome.json` in its folder keeps it, with the curve from its log. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { writeWhole } from '@vssm/core/files';
import type { FinetuningRecord } from '@vssm/results';
import { type Evaluation, type LogLine, readLog } from '../run/log.ts';
import type { RunIdentity } from '../run/state.ts';
import { runFiles } from '../run/train.ts';

type Recorded = FinetuningRecord['dense'];
type Outcome<S> = Pick<Recorded, 'steps' | 'sha256'> & S;

/** @typeParam S what the test images say of weights */
export type FinishedTraining<S> = Omit<Recorded, 'correct' | 'tests'> &
  S & { tests: ({ epoch: number } & S)[] };

/**
 * What the folder's training came to; undefined where it is not done yet.
 *
 * @param outcome to be kept, of a training that has just ended
 * @throws UserError where the folder holds another training's outcome
 */
export function finishedTraining<S>(
  folder: string,
  identity: RunIdentity,
  scoreOf: (evaluation: Evaluation) => S,
  outcome?: Outcome<S>,
): FinishedTraining<S> | undefined {
  const file = join(folder, 'outcome.json');
  const digest = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
  if (outcome !== undefined) writeWhole(file, `${JSON.stringify({ of: digest, ...outcome }, null, 2)}\n`);
  if (!existsSync(file)) return undefined;
  const { of, ...kept } = JSON.parse(readFileSync(file, 'utf8')) as Outcome<S> & { readonly of: string };
  if (of !== digest) {
    throw new UserError(`${file}: the outcome of another training; give another --out folder`);
  }
  const { seed } = identity.recipe as { readonly seed: number };
  const lines = readLog(join(folder, runFiles.log));
  return { seed, ...(kept as unknown as Outcome<S>), curve: curveOf(lines), tests: testsOf(lines, scoreOf) };
}

export function curveOf(lines: readonly LogLine[]): Recorded['curve'] {
  return lines.flatMap((line) =>
    line.kind === 'step' ? [{ epoch: line.epoch, loss: line.loss, top1: line.top1 }] : [],
  );
}

export function testsOf<S>(
  lines: readonly LogLine[],
  scoreOf: (evaluation: Evaluation) => S,
): ({ epoch: number } & S)[] {
  return lines.flatMap((line) =>
    line.kind === 'epoch' && line.test !== null ? [{ epoch: line.epoch, ...scoreOf(line.test) }] : [],
  );
}
