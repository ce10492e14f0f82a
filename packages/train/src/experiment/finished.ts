/** A training that is done, as `outcome.json` in its folder keeps it, with the curve from its log. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { writeWhole } from '@vssm/core/files';
import type { FinetuningRecord } from '@vssm/results';
import { type ClassificationEvaluation, type LogLine, readLog } from '../run/log.ts';
import type { RunIdentity } from '../run/state.ts';
import { runFiles } from '../run/train.ts';

export type FinishedTraining = FinetuningRecord['dense'];
type Outcome = Pick<FinishedTraining, 'steps' | 'correct' | 'sha256'>;

/**
 * What the folder's training came to; undefined where it is not done yet.
 *
 * @param outcome to be kept, of a training that has just ended
 * @throws UserError where the folder holds another training's outcome
 */
export function finishedTraining(
  folder: string,
  identity: RunIdentity,
  outcome?: Outcome,
): FinishedTraining | undefined {
  const file = join(folder, 'outcome.json');
  const of = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
  if (outcome !== undefined) writeWhole(file, `${JSON.stringify({ of, ...outcome }, null, 2)}\n`);
  if (!existsSync(file)) return undefined;
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Outcome & { readonly of: string };
  if (kept.of !== of) {
    throw new UserError(`${file}: the outcome of another training; give another --out folder`);
  }
  const { steps, correct, sha256 } = kept;
  const { seed } = identity.recipe as { readonly seed: number };
  return { seed, steps, correct, sha256, ...curves(readLog(join(folder, runFiles.log))) };
}

function curves(lines: readonly LogLine[]): Pick<FinishedTraining, 'curve' | 'tests'> {
  const curve: FinishedTraining['curve'] = [];
  const tests: FinishedTraining['tests'] = [];
  for (const line of lines) {
    if (line.kind === 'step') curve.push({ epoch: line.epoch, loss: line.loss, top1: line.top1 });
    if (line.kind === 'epoch' && line.test !== null) {
      tests.push({ epoch: line.epoch, correct: (line.test as ClassificationEvaluation).correct });
    }
  }
  return { curve, tests };
}
