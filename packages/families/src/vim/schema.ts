/** Vim's spec in results. */
import { z } from 'zod';
import { whole } from '../schema-fields.ts';

/** The fields of every family of bidirectional blocks. @public */
export const bidirectionalFields = {
  imageHeight: whole,
  imageWidth: whole,
  inChannels: whole,
  patchSize: whole,
  stride: whole,
  width: whole,
  innerWidth: whole,
  dtRank: whole,
  stateSize: whole,
  convKernel: whole,
  depth: whole,
  classes: whole,
};

export const vimSchema = z.strictObject({ family: z.literal('vim'), ...bidirectionalFields });
