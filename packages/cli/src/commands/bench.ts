/** The work of `vssm bench`: runs the benchmarks, or says what would run, and writes the report. */
import { availableParallelism } from 'node:os';
import {
  type BenchOutcome,
  type BenchPreview,
  type BenchRequest,
  datasetSources,
  type Experiment,
  formatDuration,
  formatPreview,
  modelSource,
  openBackend,
  type Progress,
  parseCheckpointOptions,
  parseShard,
  parseVisionCheckpoints,
  previewBench,
  progressOn,
  runBench,
  type Shard,
  visionSources,
  withRules,
} from '@vssm/bench';
import { experiment as cpu } from '@vssm/bench-cpu';
import { shipped } from '@vssm/bench-finetuning';
import { shipped as headline } from '@vssm/bench-headline';
import { experiment as league } from '@vssm/bench-league';
import { experiment as speedPlainMamba } from '@vssm/bench-speed-plainmamba';
import { experiment as speedVim } from '@vssm/bench-speed-vim';
import { experiment as table1 } from '@vssm/bench-table1-imagenet';
import { experiment as table2 } from '@vssm/bench-table2-coco';
import { experiment as table3 } from '@vssm/bench-table3-ade20k';
import { experiment as table4 } from '@vssm/bench-table4-importance';
import { experiment as table5 } from '@vssm/bench-table5-alignment';
import { counted, type RuleFile, UserError } from '@vssm/core';
import { loadRule } from '@vssm/core/rule-file';
import { note } from '../output.ts';
import { report, reportDefaults, writeReportOf } from './report.ts';

/** Every benchmark there is, in the order in which they run. */
export const experiments: readonly Experiment[] = [
  table1,
  table2,
  table3,
  table4,
  table5,
  league,
  shipped,
  ...headline,
  speedVim,
  speedPlainMamba,
  cpu,
];

const benchDefaults = { out: 'results', backend: 'cpu' } as const;

/** Options of the command line, as commander names them. */
export interface BenchOptions {
  /** Run folder. Default: `results`, with a shard `shards/<i>-of-<n>`. */
  readonly out?: string;
  /** Ids of benchmarks, joined by commas. Default: all. */
  readonly only?: string;
  /** Every image instead of a fixed sample. */
  readonly full?: boolean;
  /** First images only, stamped partial. */
  readonly limit?: number;
  /** `i/n`: this run's share of every evaluation, to be merged with the others. */
  readonly shard?: string;
  /** Says what would run; writes nothing. */
  readonly plan?: boolean;
  /** Rule files, each another row beside the built-in rules. */
  readonly rule?: readonly string[];
  /** ImageNet-1K validation images: a folder, or the original archive. */
  readonly imagenet?: string;
  /** COCO 2017: the folder of images and annotations. */
  readonly coco?: string;
  /** ADE20K: ADEChallengeData2016. */
  readonly ade20k?: string;
  /** `MODEL=FILE`, one for each model. */
  readonly checkpoint?: readonly string[];
  readonly backend?: string;
  /** Default: all cores. */
  readonly threads?: number;
  readonly browser?: string;
  /** Where the report goes (`--report`); false for none (`--no-report`). Default: `reports/latest`. */
  readonly report?: string | false;
}

export type BenchResult = {
  /** For people. */
  readonly text: string;
} & (
  | (BenchPreview & { readonly exitCode: 0 })
  | (BenchOutcome & {
      /** Path of index.html; null where none was written. */ readonly report: string | null;
    })
);

/**
 * Runs the benchmarks; progress goes to stderr. The caller prints the returned text or document, and exits with its
 * `exitCode`.
 *
 * @throws UserError for options and files that cannot be used, a run folder in use, a full disk
 */
export async function bench(options: BenchOptions): Promise<BenchResult> {
  const shard = options.shard === undefined ? undefined : parseShard(options.shard);
  const out = options.out ?? (shard === undefined ? benchDefaults.out : shardFolder(shard));
  const rules = await loadRules(options.rule ?? []);
  const request: BenchRequest = {
    experiments: experiments.map((experiment) => withRules(experiment, rules)),
    out,
    only: (options.only ?? '').split(',').filter((id) => id !== ''),
    full: options.full ?? false,
    ...(options.limit !== undefined && { limit: options.limit }),
    ...(shard !== undefined && { shard }),
    backend: await openBackend(options.backend ?? benchDefaults.backend, options),
    threads: options.threads ?? availableParallelism(),
    sources: {
      models: modelSource(parseCheckpointOptions(options.checkpoint ?? [])),
      datasets: datasetSources(options.imagenet, (line) => note(`note: ${line}`)),
      vision: visionSources({
        coco: options.coco,
        ade20k: options.ade20k,
        checkpoints: parseVisionCheckpoints(options.checkpoint ?? []),
      }),
    },
    command: ['vssm', ...process.argv.slice(2)],
    progress: progressOn(process.stderr),
  };
  if (options.plan) {
    const preview = await previewBench(request);
    return { ...preview, text: formatPreview(preview), exitCode: 0 };
  }
  const folder = options.report ?? reportDefaults.out;
  const reported = folder !== false && shard === undefined;
  const between = reportSoFar(out, folder || reportDefaults.out, request.progress);
  const outcome = await runBench({ ...request, ...(reported && { between }) });
  if (outcome.stoppedBy !== null || !reported) return { ...outcome, text: summary(outcome), report: null };
  const { index, text } = await report({ results: [out], out: folder, unlessUnchanged: true });
  return { ...outcome, text: `${summary(outcome)}\n${text}`, report: index };
}

/** ms after the start until there is a first report; each further one comes after three times as long. */
const firstReport = 60_000;

/** Writes the report of what is there, early and then seldom: it takes some seconds of the run. */
function reportSoFar(results: string, out: string, progress: Progress): () => Promise<void> {
  const started = performance.now();
  let due = firstReport;
  return async () => {
    if (performance.now() - started < due) return;
    due = 3 * (performance.now() - started);
    const { index } = await writeReportOf({ results: [results], out });
    progress.say(`report so far: ${index}`);
  };
}

/** @throws UserError for a file that is no rule, or two of the same name */
async function loadRules(files: readonly string[]): Promise<readonly RuleFile[]> {
  const rules: RuleFile[] = [];
  for (const file of files) {
    const rule = await loadRule(file);
    const twin = rules.find(({ name }) => name === rule.name);
    if (twin !== undefined) {
      throw new UserError(
        `--rule ${twin.file} and --rule ${file}: both are called "${rule.name}"; rename one`,
      );
    }
    rules.push(rule);
  }
  return rules;
}

function shardFolder({ index, of }: Shard): string {
  return `shards/${index}-of-${of}`;
}

function summary(outcome: BenchOutcome): string {
  const { carriedOut, foundDone, notRun, failures, unreadable, partial, stoppedBy, durationMs } = outcome;
  const lines = [
    `${counted(carriedOut, 'task')} done in ${formatDuration(durationMs)}` +
      (foundDone > 0 ? `, ${foundDone} done already` : '') +
      (notRun > 0 ? `, ${counted(notRun, 'row')} not run (the report says why and how to)` : ''),
  ];
  if (unreadable > 0)
    lines.push(`images without an answer, summed over all rows: ${unreadable}; the results list them`);
  for (const { label, reason } of failures) lines.push(`not finished: ${label}: ${reason}`);
  if (partial) lines.push('partial, not comparable: --limit cut this run down');
  if (stoppedBy !== null) lines.push(`stopped by ${stoppedBy}; run the same command again to go on`);
  lines.push(`results: ${outcome.results}`);
  return lines.join('\n');
}
