/**
 * History: what one commit gave on one machine, in a small JSON file of its own, `<machine>/<commit>.json`. It is
 * what a later commit is held against and what trends are drawn from; the results themselves need not be kept.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { writeError, writeWhole } from '@vssm/core/files';
import { z } from 'zod';
import {
  backendSchema,
  count,
  type Environment,
  flopsSchema,
  instant,
  line,
  otherWorkSchema,
  positive,
  sha256,
  whole,
} from '../fields.ts';
import { describeIssues } from '../issues.ts';
import { latestRecords } from '../read.ts';
import type { ResultRecord, RunRecord } from '../schema.ts';
import { paritySchema } from './parity.ts';

const machineId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,79}$/);

const accuracyRow = z.strictObject({
  kind: z.literal('accuracy'),
  /** `experiment/row`. */
  row: line(300),
  dataset: line(),
  /** SHA-256 of the chosen ids: counts are comparable where it is equal. */
  idsHash: sha256,
  partial: z.boolean(),
  backend: backendSchema,
  count,
  correct1: whole,
  correct5: whole,
  flops: flopsSchema,
});

const speedRow = z.strictObject({
  kind: z.literal('speed'),
  row: line(300),
  backend: backendSchema,
  threads: count,
  batch: count,
  /** ms per image. */
  medianMs: positive,
  /** Median of the ratios dense / this, timed interleaved in one process; null for the dense model itself. */
  speedup: positive.nullable(),
  flops: flopsSchema,
  /** Too much else used the processors: the times count for nothing. Not there: they do not say. */
  disturbed: z.boolean().optional(),
});

/** Time of another checkout over this one's, measured interleaved: above 1 this one is faster. */
export const againstSchema = z.strictObject({
  commit: line(100),
  rounds: count,
  median: positive,
  min: positive,
  max: positive,
  /** Median of the ratios of processor times, which other work on the machine disturbs less. */
  processorMedian: positive.optional(),
  otherWork: otherWorkSchema.optional(),
});

const historyEntrySchema = z.strictObject({
  history: z.literal(1),
  commit: z.string().regex(/^[0-9a-f]{7,64}$/),
  /** True: the working tree differed from the commit. */
  dirty: z.boolean(),
  /** Start of the newest run. */
  at: instant,
  projectVersion: line(),
  machine: z.strictObject({
    id: machineId,
    cpu: line(),
    cores: count,
    os: line(),
    arch: line(),
    node: line(),
  }),
  rows: z.array(z.discriminatedUnion('kind', [accuracyRow, speedRow])).max(10_000),
  parity: z.array(paritySchema).max(10_000),
  against: againstSchema.nullable(),
});

export type HistoryEntry = z.infer<typeof historyEntrySchema>;
export type HistoryRow = HistoryEntry['rows'][number];
export type Against = z.infer<typeof againstSchema>;

/** Processor, cores, system and architecture, as a folder name; versions of the system do not count. */
export function machineIdOf({
  cpu,
  cores,
  os,
  arch,
}: Pick<Environment, 'cpu' | 'cores' | 'os' | 'arch'>): string {
  const system = os.split(' ')[0];
  const slug = `${cpu}-${cores}-${system}-${arch}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  const hash = createHash('sha256')
    .update(JSON.stringify([cpu, cores, system, arch]))
    .digest('hex')
    .slice(0, 8);
  return `${slug.slice(0, 60).replace(/-$/, '')}-${hash}`;
}

/**
 * @param records of all run folders of one commit and machine
 * @throws UserError where the records name no commit, or several
 */
export function historyEntry(
  records: readonly ResultRecord[],
  parity: HistoryEntry['parity'],
  against: Against | null,
): HistoryEntry {
  const runs = records.filter((record): record is RunRecord => record.kind === 'run');
  const run = runs.toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1)).at(-1);
  if (run === undefined || run.git === null) {
    throw new UserError('history: these results name no commit; run them from a git checkout');
  }
  const commits = new Set(runs.map(({ git }) => git?.commit));
  if (commits.size > 1) {
    throw new UserError(
      `history: these results are of several commits: ${[...commits].join(', ')}; use a fresh run folder`,
    );
  }
  const { cpu, cores, os, arch, node } = run.environment;
  return {
    history: 1,
    commit: run.git.commit,
    dirty: runs.some(({ git }) => git?.dirty === true),
    at: run.createdAt,
    projectVersion: run.projectVersion,
    machine: { id: machineIdOf(run.environment), cpu, cores, os, arch, node },
    rows: latestRecords(records).flatMap(rowOf),
    parity,
    against,
  };
}

function rowOf(record: ResultRecord): HistoryRow[] {
  if (record.kind === 'accuracy') {
    const { experiment, row, dataset, sample, backend, count: images, correct1, correct5, flops } = record;
    const { idsHash, partial } = sample;
    const identity = { row: `${experiment}/${row}`, dataset: dataset.name, idsHash, partial, backend };
    return [{ kind: 'accuracy', ...identity, count: images, correct1, correct5, flops }];
  }
  if (record.kind === 'speed') {
    const { experiment, row, backend, threads, batch, medianMs, speedup, flops, otherWork } = record;
    const identity = { row: `${experiment}/${row}`, backend, threads, batch };
    const disturbed = otherWork?.disturbed;
    return [
      {
        ...{ kind: 'speed', ...identity, medianMs, speedup: speedup?.median ?? null, flops },
        ...(disturbed !== undefined && { disturbed }),
      },
    ];
  }
  return [];
}

/** Writes an entry to its place; the same commit on the same machine replaces itself. */
export function writeHistory(folder: string, entry: HistoryEntry): string {
  const place = join(folder, entry.machine.id);
  const file = join(place, `${entry.commit.slice(0, 12)}.json`);
  try {
    mkdirSync(place, { recursive: true });
    writeWhole(file, `${JSON.stringify(historyEntrySchema.parse(entry), null, 1)}\n`);
  } catch (error) {
    throw writeError(file, error);
  }
  return file;
}

/** Longest history file that is read, bytes. */
const largestEntry = 16 * 2 ** 20;

/**
 * All entries, oldest first; none where the folder is not there.
 *
 * @throws UserError naming a file that is no history entry
 */
export function readHistory(folder: string): HistoryEntry[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((machine) => machine.isDirectory())
    .flatMap((machine) =>
      readdirSync(join(folder, machine.name)).map((name) => join(folder, machine.name, name)),
    )
    .filter((file) => file.endsWith('.json'));
  return files.map(readEntry).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function readEntry(file: string): HistoryEntry {
  const bytes = readFileSync(file);
  let content: unknown;
  try {
    if (bytes.length > largestEntry) throw new Error('too long');
    content = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new UserError(`${file}: not JSON; delete it, it only serves comparison`);
  }
  const parsed = historyEntrySchema.safeParse(content);
  if (!parsed.success) throw new UserError(`${file}: ${describeIssues(parsed.error)}`);
  return parsed.data;
}
