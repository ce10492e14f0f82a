/** The schema as JSON Schema, for readers in other languages: packages/results/schema/results-2.json. */
import { z } from 'zod';
import { schemaVersion } from './fields.ts';
import { resultRecordSchema } from './schema.ts';

/** JSON Schema (draft 2020-12) of one line of a results file. Cross-field rules are beyond it; see schema.ts. */
export function resultsJsonSchema(): object {
  return {
    title: `vision-ssm-pruning results, version ${schemaVersion}`,
    description: 'One line of results.jsonl.',
    ...z.toJSONSchema(resultRecordSchema),
  };
}
