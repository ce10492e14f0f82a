/** Results and paper tables to one static folder. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ResultRecord } from '@vssm/results';
import { csv } from './charts/chart.ts';
import { type Entry, type Evidence, isPartial, measuredHere } from './evidence.ts';
import { FileSet, markerFile } from './files.ts';
import { flatColumns, flatResults } from './flat-results.ts';
import { gatherEvidence } from './gather.ts';
import { isMadeOf, madeOf, madeOfFile, type ReportSources } from './made-of.ts';
import { page } from './page.ts';
import { PairedComparison } from './paired.ts';
import { paletteCss } from './palette.ts';
import { ablations } from './sections/ablations.ts';
import { backends } from './sections/backends.ts';
import { acrossTasks } from './sections/claim/across-tasks.ts';
import { claim } from './sections/claim/claim.ts';
import { headline } from './sections/claim/headline.ts';
import { cpu } from './sections/cpu/cpu.ts';
import { flopsSection } from './sections/flops.ts';
import { league } from './sections/league/league.ts';
import { licences } from './sections/licences.ts';
import { notRun } from './sections/not-run.ts';
import { ownRows } from './sections/own-rows.ts';
import { paperTables } from './sections/paper-tables.ts';
import { parts } from './sections/parts.ts';
import { provenance } from './sections/provenance.ts';
import { reading } from './sections/reading.ts';
import { reproduction } from './sections/reproduction/reproduction.ts';
import { schedules } from './sections/schedules.ts';
import type { Context, Section, SectionWriter } from './sections/section.ts';
import { speed } from './sections/speed.ts';
import { strip } from './sections/strip.ts';
import { tradeoff } from './sections/tradeoff.ts';
import { trends } from './sections/trends.ts';
import { vision } from './sections/vision/vision.ts';

export interface ReportRequest extends ReportSources {
  /** Folder to write; an older report there is replaced at once, anything else is refused. */
  readonly out: string;
  /** Leaves a report alone that is there already and was made of the same. */
  readonly unlessUnchanged?: boolean;
}

export interface WrittenReport {
  /** Path of index.html. */
  readonly index: string;
  /** Of the results, without those that ship. */
  readonly records: {
    /** The league's, and those of weights that an experiment has trained, among them. */
    readonly accuracy: number;
    readonly speed: number;
    /** Detectors and segmenters evaluated, smoke runs among them. */
    readonly vision: number;
    readonly skipped: number;
  };
  /** True when some number comes from a cut-down run. */
  readonly partial: boolean;
  readonly warnings: readonly string[];
}

/** @throws UserError when a results file cannot be read, or `out` cannot be written or is not a report */
export async function writeReport({
  results,
  shipped = [],
  benchmarks,
  history = [],
  out,
  unlessUnchanged = false,
}: ReportRequest): Promise<WrittenReport> {
  const evidence = gatherEvidence(results, benchmarks, history, shipped);
  const sha256 = madeOf({ results, shipped, benchmarks, history });
  if (!unlessUnchanged || !isMadeOf(out, sha256)) {
    const files = await reportFiles(evidence);
    files.add(madeOfFile, `${JSON.stringify({ sha256 })}\n`);
    files.writeTo(out);
  }
  const { accuracy, league, finetuned, speed, executions, vision: tasks, skipped, warnings } = evidence;
  const own = (entries: readonly Entry<ResultRecord>[]) => measuredHere(evidence, entries).length;
  return {
    index: join(out, 'index.html'),
    records: {
      accuracy: own([...accuracy, ...league, ...finetuned]),
      speed: own([...speed, ...executions]),
      vision: own(tasks),
      skipped: own(skipped),
    },
    partial: isPartial(evidence),
    warnings,
  };
}

/** In reading order. */
const writers: readonly SectionWriter[] = [
  reproduction,
  tradeoff,
  ownRows,
  parts,
  speed,
  paperTables,
  headline,
  acrossTasks,
  claim,
  strip,
  league,
  ablations,
  vision,
  backends,
  cpu,
  flopsSection,
  schedules,
  trends,
  notRun,
  provenance,
  licences,
  reading,
];

/** In cascade order. */
const styles: readonly string[] = [
  'page.css',
  'layout.css',
  'tables.css',
  'figures.css',
  'drawings.css',
  'media.css',
];

/** Everything that goes into the folder; depends on the evidence alone. */
export async function reportFiles(evidence: Evidence): Promise<FileSet> {
  const files = new FileSet();
  const context: Context = { evidence, files, paired: new PairedComparison() };
  const sections: Section[] = [];
  for (const write of writers) {
    const section = await write(context);
    if (section !== null) sections.push(section);
  }
  files.add('index.html', page(sections).text);
  files.add('assets/style.css', [paletteCss(), ...styles.map(asset)].join('\n'));
  files.add('assets/interactive.js', asset('interactive.js'));
  files.add('data/results.jsonl', allRecords(evidence));
  files.add('data/results.csv', csv(flatResults(evidence), flatColumns));
  files.add('data/paper.json', `${JSON.stringify(evidence.tables, null, 2)}\n`);
  files.add(markerFile, `${JSON.stringify({ generator: 'vision-ssm-pruning', report: 1 })}\n`);
  addChartLibraries(files);
  return files;
}

function allRecords({
  runs,
  accuracy,
  league,
  finetuned,
  finetuning,
  segmenterFinetuning,
  speed,
  executions,
  profiles,
  comparisons,
  strips,
  vision,
  skipped,
}: Evidence): string {
  const measured = [
    ...accuracy,
    ...league,
    ...finetuned,
    ...finetuning,
    ...segmenterFinetuning,
    ...speed,
    ...executions,
    ...profiles,
    ...comparisons,
    ...strips,
    ...vision,
    ...skipped,
  ];
  const records = [...runs, ...measured.map(({ record }) => record)];
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}

function asset(name: string): string {
  return readFileSync(join(import.meta.dirname, '../assets', name), 'utf8');
}

/** Copied from the installed packages, so that the report needs no network; with their licences. */
function addChartLibraries(files: FileSet): void {
  for (const name of ['vega', 'vega-lite', 'vega-embed']) {
    const build = dirname(fileURLToPath(import.meta.resolve(name)));
    files.add(`assets/vendor/${name}.min.js`, readFileSync(join(build, `${name}.min.js`)));
    files.add(`assets/vendor/${name}.LICENSE.txt`, readFileSync(join(build, '../LICENSE')));
  }
}
