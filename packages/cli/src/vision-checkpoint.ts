/** Whether a checkpoint is a detector's or a segmenter's, known by its heads, before any of their code is loaded. */
import { type Checkpoint, readCheckpoint } from '@vssm/checkpoints';
import type { ModelOptions } from './options/model.ts';

/** Read once, whichever kind of model it turns out to hold; undefined where none was named. */
export async function checkpointOf({
  model,
  checkpoint,
  key,
}: Pick<ModelOptions, 'model' | 'checkpoint' | 'key'>): Promise<Checkpoint | undefined> {
  if (model !== undefined || checkpoint === undefined) return undefined;
  return readCheckpoint(checkpoint, key === undefined ? {} : { key });
}

export function isVisionCheckpoint({ tensors }: Checkpoint): boolean {
  return [...tensors.keys()].some((name) => /^(decode_head|roi_head|bbox_head)\./.test(name));
}
