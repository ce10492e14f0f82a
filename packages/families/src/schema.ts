/** The families' specs in results, exports and saved files. */
import { z } from 'zod';
import { familyEvidence } from './family.ts';
import { mambaRegSchema } from './mambareg/schema.ts';
import { plainMambaSchema } from './plainmamba/schema.ts';
import type { ModelFamily, SpecOf } from './table.ts';
import { videoMambaSchema } from './videomamba/schema.ts';
import { vimSchema } from './vim/schema.ts';

const familySchemas = {
  vim: vimSchema,
  plainmamba: plainMambaSchema,
  videomamba: videoMambaSchema,
  mambareg: mambaRegSchema,
} satisfies { [F in ModelFamily]: z.ZodType<SpecOf<F>> };

type Schemas = typeof familySchemas;
const [first, ...others] = Object.values(familySchemas) as [Schemas[ModelFamily], ...Schemas[ModelFamily][]];

export const familySchema = z.enum(Object.keys(familySchemas) as [ModelFamily, ...ModelFamily[]]);

export const familyEvidenceSchema = z.enum(familyEvidence);

export const specSchema = z.discriminatedUnion('family', [first, ...others]);
