/** Made-up comparisons of ways to carry out a model, and a made-up profile. No number here was measured. */
import { formatSchedule, type PruningPlan } from '@vssm/core';
import { densePlan, modelFlops, pruningPlan, tokenCounts, type VimSpec, vimModels } from '@vssm/families';
import type { ProfileRecord, SpeedRecord } from '@vssm/results';
import type { ExecutionForm } from '../executions.ts';

const spec = vimModels['vim-small'];
const schedule = [5, 10, 15].map((after) => ({ after, keep: 0.8 }));
const decay = pruningPlan({ schedule });
const none = pruningPlan({ schedule, alignment: 'none', conv: 'positional' });

const slowness: Readonly<Record<ExecutionForm, number>> = {
  'matmul-floor': 1,
  segments: 2.2,
  'segments-wasm': 2.5,
  'whole-scan': 6,
  'whole-linear-attention': 9,
};
const forms = Object.keys(slowness) as ExecutionForm[];

/** Slower and faster rounds, the same for everybody. */
const weather = [1, 1.1, 0.96, 1.02, 1.3];

interface MadeUp {
  readonly row: string;
  readonly form: ExecutionForm;
  readonly plan: PruningPlan;
  readonly threads: number;
  readonly medianMs: number;
  readonly group: string;
  readonly side?: number;
  readonly peakMemoryBytes?: number;
}

function common(row: string, plan: PruningPlan, side: number, text: string) {
  const own: VimSpec = { ...spec, imageHeight: side, imageWidth: side };
  return {
    schema: 1 as const,
    key: `cpu.${row}`,
    experiment: 'cpu',
    row,
    label: row + text,
    paper: null,
    notes: [],
    model: {
      name: `Vim-S${text}`,
      spec: own,
      params: 5678,
      weights: { from: 'random' as const, seed: 1 },
    },
    plan: structuredClone(plan) as SpeedRecord['plan'],
    schedule: formatSchedule(plan.schedule),
    backend: { name: 'cpu', form: 'segments' },
    flops: {
      paper: modelFlops(own, plan, 'paper').total / 1e9,
      strict: modelFlops(own, plan, 'strict').total / 1e9,
    },
    tokens: [...tokenCounts(own, plan)],
    durationMs: 100,
  };
}

function record(
  { row, form, plan, threads, medianMs, group, side = 224, peakMemoryBytes }: MadeUp,
  text: string,
): SpeedRecord {
  const samplesMs = weather.map((factor) => factor * medianMs);
  return {
    ...common(row, plan, side, text),
    kind: 'speed',
    threads,
    batch: 4 * threads,
    warmup: 1,
    samplesMs,
    medianMs: 1.02 * medianMs,
    minMs: Math.min(...samplesMs),
    maxMs: Math.max(...samplesMs),
    spread: 0.1,
    speedup: null,
    execution: {
      form,
      cores: threads === 1 ? 'together' : 'apart',
      group,
      calibration: [
        { cores: 'together', threads, batch: 1, msPerImage: 2 * medianMs },
        { cores: 'together', threads, batch: 4 * threads, msPerImage: medianMs },
      ],
    },
    ...(peakMemoryBytes !== undefined && { peakMemoryBytes }),
  };
}

/** Times of a made-up machine, ms per image with all threads. */
const floorMs = 50;
const gain = 1.4;

export function madeUpExecutions(text: string): SpeedRecord[] {
  const entries: MadeUp[] = [];
  for (const threads of [2, 1]) {
    for (const plan of threads === 2 ? [densePlan, decay] : [densePlan]) {
      const dense = plan.schedule.length === 0;
      for (const form of forms) {
        const medianMs = ((2 / threads) * floorMs * slowness[form]) / (dense ? 1 : gain);
        const row = `forms-${threads}-${form}-${dense ? 'dense' : 'pruned'}`;
        const memory = dense ? { peakMemoryBytes: 9.4e8 } : {};
        entries.push({ row, form, plan, threads, medianMs, group: `forms-${threads}`, ...memory });
      }
    }
  }
  for (const [row, plan, factor] of [
    ['dense', densePlan, 1],
    ['decay', decay, 1 / gain],
    ['none', none, 0.99 / gain],
  ] as const) {
    const medianMs = floorMs * slowness.segments * factor;
    entries.push({ row, form: 'segments', plan, threads: 2, medianMs, group: 'pruning' });
  }
  for (const [side, tokens, factor] of [
    [224, 197, 1],
    [512, 1025, 1.05],
    [1024, 4097, 1.1],
  ] as const) {
    entries.push({
      row: `lengths-${tokens}`,
      form: 'segments',
      plan: densePlan,
      threads: 2,
      side,
      medianMs: 0.5 * tokens * factor,
      group: 'lengths',
      peakMemoryBytes: 9e8 + 2e5 * tokens,
    });
  }
  return entries.map((entry) => record(entry, text));
}

export function madeUpProfiles(text: string): ProfileRecord[] {
  return [densePlan, decay].map((plan): ProfileRecord => {
    const pruned = plan.schedule.length > 0;
    return {
      ...common(`profile-${pruned ? 'pruned' : 'dense'}`, plan, 224, text),
      kind: 'profile',
      threads: 1,
      batch: 4,
      warmup: 1,
      parts: madeUpParts(pruned),
      scoring: pruned ? { samplesMs: weather.map((factor) => 0.2 * factor), medianMs: 0.204 } : null,
      roofs: [
        { threads: 1, gflopsPerSecond: 100, gigabytesPerSecond: 25 },
        { threads: 2, gflopsPerSecond: 195, gigabytesPerSecond: 48 },
      ],
    };
  });
}

type PartRecord = ProfileRecord['parts'][number];

function madeUpParts(pruned: boolean): PartRecord[] {
  const parts: PartRecord[] = [];
  let tokens = 197;
  const add = (part: PartRecord['part'], block: number, ms: number, gflops: number, bytes: number) => {
    const share = tokens / 197;
    parts.push({
      part,
      block,
      tokens,
      samplesMs: weather.map((factor) => factor * ms * share),
      medianMs: 1.02 * ms * share,
      gflops: gflops * share,
      bytes: bytes * share,
    });
  };
  for (let block = 1; block <= spec.depth; block++) {
    if (block === 1) add('embed', block, 3, 0.3, 5e6);
    add('convolution', block, 0.4, 0.003, 2.4e6);
    add('projections', block, 1, 0.05, 3e6);
    add('scan', block, 3, 0.04, 3.1e6);
    if (pruned && block % 5 === 0 && block <= 15) {
      add('pruning', block, 0.3, 0.0001, 1e6);
      tokens = Math.ceil(tokens * 0.8);
    }
    if (block < spec.depth) add('inter-scan', block, 4, 0.35, 4e6);
    else add('head', block, 0.2, 0.002, 2e6);
  }
  return parts;
}
