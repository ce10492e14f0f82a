/** `--from`: where the record, the logs and the dense weights of an experiment are that has been begun elsewhere. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sha256File } from '@vssm/checkpoints';
import { UserError } from '@vssm/core';
import { fashionMnistDir } from '@vssm/datasets';
import { readResults } from '@vssm/results';
import type { TrainedRecord } from '@vssm/results/trained';
import type { Earlier } from '@vssm/train';

/** Undefined where the folder's record has nothing of this experiment. */
export async function earlierIn(folder: string, experiment: string): Promise<Earlier | undefined> {
  const record = readResults(folder).records.findLast(
    (one): one is TrainedRecord =>
      (one.kind === 'finetuning' || one.kind === 'segmenter-finetuning') && one.experiment === experiment,
  );
  if (record === undefined) return undefined;
  const own = join(folder, 'logs', experiment);
  const { sha256 } = record.dense;
  const places = [folder, join(folder, 'weights'), fashionMnistDir];
  return {
    record,
    logs: existsSync(own) ? own : join(folder, 'logs'),
    dense: await weightsOf(sha256, places),
  };
}

/** The file of this checksum. */
async function weightsOf(sha256: string, folders: readonly string[]): Promise<string> {
  for (const folder of folders) {
    const names = existsSync(folder)
      ? readdirSync(folder).filter((name) => name.endsWith('.safetensors'))
      : [];
    for (const name of names) {
      const file = join(folder, name);
      if ((await sha256File(file)) === sha256) return file;
    }
  }
  throw new UserError(
    `the dense weights of the record, whose checksum is ${sha256}, are not in ${folders.join(' or ')}; put the .safetensors file there`,
  );
}
