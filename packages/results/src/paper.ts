/**
 * The shape of a benchmark's `paper.json`: the numbers of one table of the paper, each with the tag of the
 * source that vouches for it. A number that is not known is null with a reason; none is ever made up.
 */
import { readFileSync, statSync } from 'node:fs';
import { UserError } from '@vssm/core';
import { z } from 'zod';
import { describeIssues } from './issues.ts';

const short = z.string().min(1).max(2000);

/** One or more tags, separated by commas: `T`, `R, S`. */
const sourceTags = z.string().regex(/^[A-Z](\s*,\s*[A-Z])*$/);

const paperValueSchema = z.union([
  z.strictObject({
    value: z.number(),
    source: sourceTags,
    /** Decimals that it is published with, where they are not its column's usual ones. */
    decimals: z.number().int().min(0).max(6).optional(),
  }),
  /** What is known only in words: "2.4 to 2.8 points below ToP". */
  z.strictObject({ text: short, source: sourceTags }),
  z.strictObject({ value: z.null(), reason: short }),
]);

const values = z.record(z.string().regex(/^[a-zA-Z][a-zA-Z0-9]*$/), paperValueSchema);
const id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+@,;:=-]{0,119}$/);

export const paperTableSchema = z
  .strictObject({
    table: z.number().int().min(1),
    title: short,
    /** Published name of the data set that every number of the table was measured on: `ImageNet-1K`. */
    dataset: short,
    /** Images of the split that they were measured on: all of it. */
    images: z.number().int().min(1),
    rows: z
      .array(
        z.strictObject({
          id,
          model: short,
          /** `dense`, `evit`, `top`, or the name of an ablation's arm (`clip`, `without alignment`, …). */
          method: short,
          /** Schedule as the command line writes it, where it is known. */
          schedule: short.optional(),
          values,
          note: short.optional(),
        }),
      )
      .max(1000),
    /** The authors' own fine-tuning logs. */
    logs: z
      .array(z.strictObject({ id, model: short, schedule: short, values, note: short.optional() }))
      .max(1000)
      .optional(),
    /** FLOPs savings, as parts of the dense model's, that are published without the schedule behind them. */
    unknownSchedules: z
      .array(z.strictObject({ model: id, reduction: z.number().gt(0).lt(1), source: sourceTags }))
      .max(100)
      .optional(),
    /** Statements that are not table cells, with their sources. */
    claims: z
      .array(z.strictObject({ id, text: short, source: sourceTags }))
      .max(100)
      .optional(),
    /** Tag to what it stands for. */
    sources: z.record(z.string().regex(/^[A-Z]$/), short),
  })
  .superRefine((table, context) => {
    const tags = new Set(Object.keys(table.sources));
    const seen = new Set<string>();
    const check = (source: string, where: string) => {
      for (const tag of splitTags(source)) {
        if (!tags.has(tag)) {
          context.addIssue({ code: 'custom', message: `${where}: source "${tag}" is not in "sources"` });
        }
      }
    };
    for (const row of [...table.rows, ...(table.logs ?? [])]) {
      if (seen.has(row.id)) context.addIssue({ code: 'custom', message: `row "${row.id}" appears twice` });
      seen.add(row.id);
      for (const [name, value] of Object.entries(row.values)) {
        if ('source' in value) check(value.source, `${row.id}.${name}`);
      }
    }
    for (const claim of table.claims ?? []) check(claim.source, claim.id);
    for (const { model, source } of table.unknownSchedules ?? []) check(source, model);
  });

export type PaperValue = z.infer<typeof paperValueSchema>;
export type PaperTable = z.infer<typeof paperTableSchema>;

/** `"R, S"` to `["R", "S"]`. */
export function splitTags(source: string): string[] {
  return source.split(',').map((tag) => tag.trim());
}

/** Reads and checks one paper.json. Throws a UserError that names the file and the field. */
export function readPaperTable(file: string): PaperTable {
  let content: unknown;
  try {
    if (statSync(file).size > 4 * 2 ** 20) throw new UserError(`${file}: larger than 4 MiB`);
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${file}: ${(error as Error).message}`);
  }
  const parsed = paperTableSchema.safeParse(content);
  if (!parsed.success) throw new UserError(`${file}: ${describeIssues(parsed.error)}`);
  return parsed.data;
}
