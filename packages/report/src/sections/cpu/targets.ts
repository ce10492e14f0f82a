/** What the fast path was to reach, set before it was measured, and whether it does. */
import { counted } from '@vssm/core';
import type { SpeedRecord } from '@vssm/results';
import type { Spread } from '@vssm/results/statistics';
import { disturbance, disturbedWords, processorRatio } from '../../disturbed.ts';
import type { Evidence } from '../../evidence.ts';
import {
  armOf,
  bestWhole,
  byLength,
  type ExecutionEntry,
  type ExecutionForm,
  type ExecutionGroup,
  executionGroups,
  fitLine,
  type ProfilePair,
  profilePairs,
  pruningShare,
  timeRatio,
  tokenTimeRatio,
} from '../../executions.ts';
import { gigabytes, points, signed, times, whole } from '../../format.ts';

export interface Target {
  readonly model: string;
  /** What is measured, as a sentence begins. */
  readonly what: string;
  readonly measured: string;
  /** The middle half of the rounds; empty where there is none. */
  readonly range: string;
  readonly bound: string;
  /** `undecided`: other work disturbed the timing. */
  readonly verdict: 'goal' | 'holds' | 'missed' | 'undecided';
  /** What a disturbed timing must be read with; empty for others. */
  readonly note: string;
}

/** Every target that there is a measurement for. */
export function targets(evidence: Evidence): Target[] {
  const groups = executionGroups(evidence);
  const several = groups.filter(({ threads }) => threads > 1);
  const ofKind = (kind: ExecutionGroup['kind']) => several.filter((group) => group.kind === kind);
  const pruning = ofKind('pruning');
  const unpaired = ofKind('forms').filter(({ model }) => !pruning.some((group) => group.model === model));
  return [
    ...ofKind('forms').flatMap(forms),
    ...[...pruning, ...unpaired].flatMap(gains),
    ...profilePairs(evidence).flatMap(shares),
    ...ofKind('lengths').flatMap(lengths),
  ];
}

const range = ({ low, high }: Spread, format: (value: number) => string) =>
  `${format(low)} to ${format(high)}`;

const within = (holds: boolean): Target['verdict'] => (holds ? 'holds' : 'missed');

type Judged = Omit<Target, 'note'>;

/**
 * A target of times, undecided where one of them was disturbed.
 *
 * @param byProcessor the same figure of processor times, in words; null where there is none
 */
function timed(
  target: Judged,
  records: readonly Pick<SpeedRecord, 'otherWork'>[],
  byProcessor: string | null = null,
): Target {
  const share = disturbance(records);
  if (share === null) return { ...target, note: '' };
  const beside = byProcessor === null ? '' : `; by processor time ${byProcessor}`;
  return { ...target, verdict: 'undecided', note: `${disturbedWords(share)}${beside}` };
}

/** The median of the ratios of processor times, in words. */
function byProcessor(a: ExecutionEntry, b: ExecutionEntry, format: (value: number) => string): string | null {
  const ratio = processorRatio(a.record, b.record);
  return ratio && format(ratio.median);
}

const largestMemory = 1.5e9;

interface Bound {
  readonly bound: number;
  /** Better still, where one was set. */
  readonly goal?: number;
}

/** Set for these models only: a narrower one spends more of its time outside the matrix products. */
const bounds: Readonly<
  Record<string, Readonly<Record<SegmentsForm, Bound>> & { readonly overWhole?: Bound }>
> = {
  'Vim-S': {
    segments: { bound: 1.6, goal: 1.45 },
    'segments-wasm': { bound: 2.6 },
    overWhole: { bound: 2.8, goal: 3.5 },
  },
  'PlainMamba-L1': { segments: { bound: 1.8, goal: 1.6 }, 'segments-wasm': { bound: 2.8 } },
  'PlainMamba-L3': { segments: { bound: 1.5, goal: 1.4 }, 'segments-wasm': { bound: 2 } },
};

type SegmentsForm = Extract<ExecutionForm, 'segments' | 'segments-wasm'>;

/** Least share of the speed-up promised by strict FLOPs that pruning was to reach, on several cores. */
const leastGain = 0.92;

function inWords(what: string, { bound, goal }: Bound): string {
  return `${what} ${times(bound)}${goal === undefined ? '' : `; goal ${times(goal)}`}`;
}

function forms(group: ExecutionGroup): Target[] {
  return [
    ...ratios(group, 'segments-wasm', 'dense, all cores, WebAssembly kernels'),
    ...ratios(group, 'segments', 'dense, all cores, fastest kernels'),
    ...memoryOf(group),
  ];
}

function ratios(group: ExecutionGroup, form: SegmentsForm, how: string): Target[] {
  const { model } = group;
  const [segments, floor, whole] = [armOf(group, form), armOf(group, 'matmul-floor'), bestWhole(group)];
  const limits = Object.hasOwn(bounds, model) ? bounds[model] : undefined;
  if (limits === undefined || segments === null) return [];
  const { [form]: overFloor, overWhole } = limits;
  const found: Target[] = [];
  if (floor !== null) {
    const ratio = timeRatio(segments, floor);
    const target: Judged = {
      model,
      what: `${how}: time over that of the matrix products alone`,
      measured: times(ratio.median),
      range: range(ratio, times),
      bound: inWords('at most', overFloor),
      verdict: ratio.median <= (overFloor.goal ?? 0) ? 'goal' : within(ratio.median <= overFloor.bound),
    };
    found.push(timed(target, [segments.record, floor.record], byProcessor(segments, floor, times)));
  }
  if (whole !== null && overWhole !== undefined) {
    const ratio = timeRatio(whole, segments);
    const target: Judged = {
      model,
      what: `${how}: speed over ONNX Runtime alone at its best`,
      measured: times(ratio.median),
      range: range(ratio, times),
      bound: inWords('at least', overWhole),
      verdict:
        ratio.median >= (overWhole.goal ?? Infinity) ? 'goal' : within(ratio.median >= overWhole.bound),
    };
    found.push(timed(target, [whole.record, segments.record], byProcessor(whole, segments, times)));
  }
  return found;
}

/** The bound was set for Vim-S. */
function memoryOf(group: ExecutionGroup): Target[] {
  const segments = armOf(group, 'segments');
  const memory = segments?.record.peakMemoryBytes;
  if (group.model !== 'Vim-S' || segments === null || memory === undefined) return [];
  const { threads, batch, tokens, execution } = segments.record;
  const way = counted(threads, execution!.cores === 'apart' ? 'worker' : 'thread');
  return [
    {
      model: group.model,
      what: `dense, ${tokens[0]} tokens, ${way}, batch ${batch}: peak memory`,
      measured: gigabytes(memory),
      range: '',
      bound: 'under 1.50 GB',
      verdict: within(memory < largestMemory),
      note: '',
    },
  ];
}

function gains(group: ExecutionGroup): Target[] {
  const { model } = group;
  const [dense, decay, none] = [
    armOf(group, 'segments'),
    armOf(group, 'segments', 'decay'),
    armOf(group, 'segments', 'none'),
  ];
  if (dense === null || decay === null) return [];
  const speedup = timeRatio(dense, decay);
  const promised = dense.record.flops.strict / decay.record.flops.strict;
  const percent = (value: number) => `${points((100 * value) / promised)} %`;
  const gain: Judged = {
    model,
    what: `pruned ${decay.record.schedule}: speed-up ${times(speedup.median)}, as a share of the ${times(promised)} that strict FLOPs promise`,
    measured: percent(speedup.median),
    range: range(speedup, percent),
    bound: `at least ${points(100 * leastGain, 0)} %`,
    verdict: within(speedup.median >= leastGain * promised),
  };
  const found = [timed(gain, [dense.record, decay.record], byProcessor(dense, decay, percent))];
  if (none !== null) {
    const ratio = timeRatio(decay, none);
    const extra = (value: number) => `${signed(100 * (value - 1))} %`;
    const target: Judged = {
      model,
      what: 'pruned: extra time for decaying the state over the gaps',
      measured: extra(ratio.median),
      range: range(ratio, extra),
      bound: 'at most 2 %',
      verdict: within(ratio.median <= 1.02),
    };
    found.push(timed(target, [decay.record, none.record], byProcessor(decay, none, extra)));
  }
  return found;
}

function shares({ model, pruned }: ProfilePair): Target[] {
  const share = pruned === null ? null : pruningShare(pruned.record);
  if (share === null) return [];
  const percent = (value: number) => `${points(100 * value)} %`;
  const target: Judged = {
    model,
    what: 'pruned, one core: share of scoring, selection and gathers in the time',
    measured: percent(share.median),
    range: range(share, percent),
    bound: 'at most 2 %',
    verdict: within(share.median <= 0.02),
  };
  return pruned === null ? [] : [timed(target, [pruned.record])];
}

/** Memory counts as linear while no length is further than this from a straight line. */
const largestDeviation = 0.05;

function lengths(group: ExecutionGroup): Target[] {
  const { model } = group;
  const entries = byLength(group);
  const [shortest, longest] = [entries[0], entries.at(-1)!];
  const tokens = ({ record }: typeof shortest) => whole(record.tokens[0]);
  const ratio = tokenTimeRatio(longest, shortest);
  const perToken: Judged = {
    model,
    what: `time per token at ${tokens(longest)} tokens over that at ${tokens(shortest)}`,
    measured: times(ratio.median),
    range: range(ratio, times),
    bound: 'at most 1.30×',
    verdict: within(ratio.median <= 1.3),
  };
  const found = [timed(perToken, [longest.record, shortest.record])];
  const memory = entries.flatMap(({ record: { tokens: of, peakMemoryBytes } }) =>
    peakMemoryBytes === undefined ? [] : [[of[0], peakMemoryBytes] as const],
  );
  if (memory.length >= 3) {
    const { deviation } = fitLine(memory);
    found.push({
      model,
      what: `peak memory from ${tokens(shortest)} to ${tokens(longest)} tokens: largest distance from a straight line`,
      measured: `${points(100 * deviation)} %`,
      range: '',
      bound: `linear: at most ${points(100 * largestDeviation, 0)} %`,
      verdict: within(deviation <= largestDeviation),
      note: '',
    });
  }
  return found;
}
