/** The record of a detector or segmenter, as it follows from the stored answers: of one run, or of shards joined. */
import type { ImageAnswerLine, Scoring, VisionRecord } from '@vssm/results';
import type { RecordHead } from '../kinds/heads.ts';
import { TaskFailure } from '../workplace.ts';
import { visionKind } from './kinds.ts';

export interface Summed {
  readonly scoring: Scoring;
  readonly score: unknown;
  readonly images: number;
  readonly failed: VisionRecord['failed'];
  readonly drawn: NonNullable<VisionRecord['drawn']>;
}

/**
 * @param folder run folder, and `key` the evaluation, beside whose answers files of the score's own are written
 * @throws TaskFailure where no image could be read
 */
export function summedUp(
  scoring: Scoring,
  indices: readonly number[],
  read: (index: number) => ImageAnswerLine,
  folder: string,
  key: string,
): Summed {
  const failed: VisionRecord['failed'] = [];
  const drawn: NonNullable<VisionRecord['drawn']> = [];
  const each = function* () {
    for (const index of indices) {
      const line = read(index);
      if ('error' in line) failed.push({ id: line.id, error: line.error });
      else if (line.drawn !== undefined) drawn.push(line.drawn);
      yield line;
    }
  };
  const score = visionKind(scoring.kind).score(each(), scoring, folder, key);
  const images = indices.length - failed.length;
  if (images === 0) throw new TaskFailure(`no image could be read; the first: ${failed[0]?.error}`);
  return { scoring, score, images, failed, drawn };
}

/** What a record has beside its head and its figures. */
export type VisionDescription = Pick<
  VisionRecord,
  | 'model'
  | 'plan'
  | 'schedule'
  | 'dataset'
  | 'flops'
  | 'tokens'
  | 'input'
  | 'parts'
  | 'durationMs'
  | 'predictions'
>;

export function visionRecord(
  head: RecordHead,
  described: VisionDescription,
  sample: { readonly partial: boolean },
  { scoring, score, images, failed, drawn }: Summed,
): VisionRecord {
  return {
    ...head,
    kind: 'vision',
    ...described,
    ...{ images, failed },
    partial: sample.partial || failed.length > 0,
    figures: visionKind(scoring.kind).figures(score),
    drawn,
  };
}
