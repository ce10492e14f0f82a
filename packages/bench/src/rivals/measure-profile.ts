/**
 * Where the time of one thread goes, part by part and block by block, of several plans interleaved. What scoring
 * costs cannot be told apart inside a scan, so a twin of each pruned plan that draws its scores at random, and
 * computes none, is run beside it.
 */
import { SegmentEngine } from '@vssm/backend-cpu';
import { formatSchedule, type PruningPlan } from '@vssm/core';
import { type ModelSpec, pruningPlan, type SegmentPart } from '@vssm/families';
import type { ProfileRecord } from '@vssm/results';
import { median } from '@vssm/results/statistics';
import { costOf } from '../cost.ts';
import { randomBatch } from '../speed.ts';
import { disturbedShare } from '../timing/interleaved.ts';
import { machineProcessors, otherShare } from '../timing/processors.ts';
import type { RunState, Workplace } from '../workplace.ts';
import type { CpuArm } from './cpu-row.ts';
import { partCost } from './part-costs.ts';
import { measureRoofs, type Roof } from './roofs.ts';

export interface ProfileShape {
  readonly batch: number;
  readonly warmup: number;
  readonly rounds: number;
}

export interface ProfileTask {
  readonly kind: 'profile';
  readonly key: string;
  readonly label: string;
  /** Whose roofs are measured; the profile itself is of one thread. */
  readonly threads: number;
  readonly shape: ProfileShape;
  readonly arms: readonly CpuArm[];
}

/** ms of each part of one run, by `<part>/<1-based block>`. */
type Laps = Map<string, number>;

interface Profiled {
  readonly plan: PruningPlan;
  readonly engine: SegmentEngine;
  /** One for each round. */
  readonly rounds: Laps[];
}

/** Nothing is kept when it is stopped before the end. */
export async function measureProfile(
  task: ProfileTask,
  place: Workplace,
  roofsOf: (threads: number) => Promise<Roof[]> = measureRoofs,
): Promise<RunState> {
  const started = performance.now();
  const { shape, arms } = task;
  const [{ model }] = arms;
  const profiled: Profiled[] = [];
  const open = async (plan: PruningPlan) => {
    const engine = await SegmentEngine.create(model.spec, model.weights(), plan, 1, { largest: shape.batch });
    const opened: Profiled = { plan, engine, rounds: [] };
    profiled.push(opened);
    return opened;
  };
  try {
    const roofs = await roofsOf(task.threads);
    place.advance(0.2);
    const pairs: { readonly own: Profiled; readonly twin: Profiled | null }[] = [];
    for (const { plan } of arms) {
      if (place.stopping()) return 'stopped';
      const prunes = plan.schedule.length > 0;
      pairs.push({
        own: await open(plan),
        twin: prunes ? await open(pruningPlan({ ...plan, signal: 'random' }, model.spec.family)) : null,
      });
    }
    const processors = machineProcessors();
    const before = processors.read();
    if (!(await runRounds(profiled, task, place))) return 'stopped';
    const share = otherShare(before, processors.read(), processors.count);
    const otherWork = share === null ? null : { share, disturbed: share >= disturbedShare, setAside: 0 };
    const durationMs = performance.now() - started;
    for (const [arm, { own, twin }] of pairs.entries()) {
      const record = recordOf(task, arm, own, twin, roofs, durationMs);
      if (!place.results.has(record.key)) place.results.append({ ...record, otherWork });
    }
    return 'done';
  } finally {
    for (const { engine } of profiled) await engine.dispose();
  }
}

async function runRounds(
  profiled: readonly Profiled[],
  { arms: [{ model }], shape }: ProfileTask,
  place: Workplace,
): Promise<boolean> {
  const batch = Math.min(shape.batch, ...profiled.map(({ engine }) => engine.chunkSize));
  const { pixels } = randomBatch(model.spec, batch);
  const samples = Array.from({ length: batch }, (_, item) => item);
  for (let round = -shape.warmup; round < shape.rounds; round++) {
    for (const { engine, rounds } of round % 2 === 0 ? profiled : profiled.toReversed()) {
      if (place.stopping()) return false;
      const laps: Laps = new Map();
      await engine.run({ pixels, samples }, (part, block, ms) =>
        laps.set(`${part}/${block + 1}`, ms / batch),
      );
      if (round >= 0) rounds.push(laps);
    }
    place.advance(0.8 / (shape.warmup + shape.rounds));
  }
  return true;
}

function recordOf(
  { arms, shape }: ProfileTask,
  arm: number,
  own: Profiled,
  twin: Profiled | null,
  roofs: Roof[],
  durationMs: number,
): ProfileRecord {
  const { head, model, plan } = arms[arm];
  const batch = Math.min(shape.batch, own.engine.chunkSize);
  return {
    ...head,
    kind: 'profile',
    model: model.described,
    plan: { ...plan, schedule: [...plan.schedule] },
    schedule: formatSchedule(plan.schedule),
    backend: { name: 'cpu', form: 'segments' },
    threads: 1,
    batch,
    warmup: shape.warmup,
    parts: partsOf(model.spec, own, batch),
    scoring: twin === null ? null : scoringOf(plan, own, twin),
    roofs,
    ...costOf(model.spec, plan),
    durationMs,
  };
}

function partsOf(spec: ModelSpec, { plan, rounds }: Profiled, batch: number): ProfileRecord['parts'] {
  return [...rounds[0].keys()].map((key) => {
    const [name, blockText] = key.split('/');
    const part = name as SegmentPart;
    const block = Number(blockText);
    const samplesMs = rounds.map((laps) => laps.get(key)!);
    const { tokens, flops, bytes } = partCost(spec, plan, part, block, batch);
    return { part, block, tokens, samplesMs, medianMs: median(samplesMs), gflops: flops / 1e9, bytes };
  });
}

/** The scans of the blocks that are followed by a step, with scores less without. */
function scoringOf(plan: PruningPlan, own: Profiled, twin: Profiled): ProfileRecord['scoring'] {
  const scans = (laps: Laps) =>
    plan.schedule.reduce((sum, { after }) => sum + (laps.get(`scan/${after}`) ?? 0), 0);
  const samplesMs = own.rounds.map((laps, round) => scans(laps) - scans(twin.rounds[round]));
  return { samplesMs, medianMs: median(samplesMs) };
}
