/** VideoMamba's spec in results. */
import { z } from 'zod';
import { bidirectionalFields } from '../vim/schema.ts';

export const videoMambaSchema = z.strictObject({ family: z.literal('videomamba'), ...bidirectionalFields });
