/** PlainMamba's spec in results. */
import { z } from 'zod';
import { whole, wholeOrZero } from '../schema-fields.ts';

export const plainMambaSchema = z.strictObject({
  family: z.literal('plainmamba'),
  imageHeight: whole,
  imageWidth: whole,
  inChannels: whole,
  patchSize: whole,
  stemWidth: whole,
  stemConvs: wholeOrZero,
  width: whole,
  innerWidth: whole,
  dtRank: whole,
  stateSize: whole,
  convKernel: whole,
  depth: whole,
  depthwiseLayers: z.array(wholeOrZero).max(512).readonly(),
  positionRows: whole,
  positionColumns: whole,
  classes: whole,
});
