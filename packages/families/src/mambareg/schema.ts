/** Mamba-Reg's spec in results. */
import { z } from 'zod';
import { whole } from '../schema-fields.ts';
import { bidirectionalFields } from '../vim/schema.ts';

export const mambaRegSchema = z.strictObject({
  family: z.literal('mambareg'),
  ...bidirectionalFields,
  registers: whole,
  reduction: whole,
});
