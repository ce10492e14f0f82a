/** What the report is made of: the records of all run folders, each with the run it belongs to, and the paper. */
import type {
  AccuracyRecord,
  ComparisonRecord,
  FinetuningRecord,
  HistoryEntry,
  PaperTable,
  ProfileRecord,
  ResultRecord,
  RunRecord,
  SegmenterFinetuningRecord,
  SkippedRecord,
  SpeedRecord,
  StripRecord,
  VisionRecord,
} from '@vssm/results';

/** A record with where it comes from. */
export interface Entry<T extends ResultRecord> {
  readonly record: T;
  /** The run that wrote it; null in a file that names none before it. */
  readonly run: RunRecord | null;
  readonly folder: string;
}

export interface Evidence {
  /** Folders of results that come with the project. */
  readonly shipped: ReadonlySet<string>;
  readonly runs: readonly RunRecord[];
  /** Of dense weights, pruned as they are. */
  readonly accuracy: readonly Entry<AccuracyRecord>[];
  /** Of dense weights too, rows of the league. */
  readonly league: readonly Entry<AccuracyRecord>[];
  /** Of the weights that an experiment has trained; its record says what they are to reach. */
  readonly finetuned: readonly Entry<AccuracyRecord>[];
  /** Experiments that train, the newest last. */
  readonly finetuning: readonly Entry<FinetuningRecord>[];
  /** The same of segmenters. */
  readonly segmenterFinetuning: readonly Entry<SegmenterFinetuningRecord>[];
  /** Dense and pruned models on the backend that was asked for. */
  readonly speed: readonly Entry<SpeedRecord>[];
  /** Ways to carry out one model, side by side. */
  readonly executions: readonly Entry<SpeedRecord>[];
  readonly profiles: readonly Entry<ProfileRecord>[];
  /** Backends held against the reference. */
  readonly comparisons: readonly Entry<ComparisonRecord>[];
  readonly strips: readonly Entry<StripRecord>[];
  /** Detectors and segmenters. */
  readonly vision: readonly Entry<VisionRecord>[];
  readonly skipped: readonly Entry<SkippedRecord>[];
  readonly tables: readonly PaperTable[];
  /** What earlier commits gave, oldest first; empty where no history is kept. */
  readonly history: readonly HistoryEntry[];
  /** What a reader of the report must know about its files. */
  readonly warnings: readonly string[];
}

/** True when any number of the report comes from a cut-down run. */
export function isPartial(evidence: Evidence): boolean {
  const { accuracy, league, finetuned, vision } = evidence;
  return (
    [...accuracy, ...league, ...finetuned].some(({ record }) => record.sample.partial) ||
    vision.some(({ record }) => record.partial)
  );
}

/** Names of data sets are compared without case and punctuation. */
export function sameName(a: string, b: string): boolean {
  const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');
  return plain(a) === plain(b);
}

/** Those that were measured here, not what comes with the project. */
export function measuredHere<T extends ResultRecord>(
  { shipped }: Pick<Evidence, 'shipped'>,
  entries: readonly Entry<T>[],
): readonly Entry<T>[] {
  return entries.filter(({ folder }) => !shipped.has(folder));
}
