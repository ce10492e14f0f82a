import { largeProductFlops } from '@vssm/backend-cpu';
import { densePlan, parameterCount, pruningPlan, randomWeights, type VimSpec, vimSpec } from '@vssm/families';
import { openResults, type ProfileRecord, type SpeedRecord, schemaVersion } from '@vssm/results';
import { describe, expect, it } from 'vitest';
import type { RecordHead } from '../kinds/heads.ts';
import type { ReadyModel } from '../resources.ts';
import { newFolder } from '../test-support/made-up.ts';
import type { Workplace } from '../workplace.ts';
import { bestMode, calibrateMode } from './calibrate.ts';
import { measureProfile } from './measure-profile.ts';
import { measureLengths, measureRivals } from './measure-rivals.ts';
import { measurePeakMemory } from './memory.ts';
import { type Mode, usualMode } from './modes.ts';
import { openRival } from './rival.ts';
import { measureRoofs } from './roofs.ts';

const spec = vimSpec({
  imageHeight: 28,
  imageWidth: 28,
  inChannels: 1,
  patchSize: 4,
  stride: 4,
  classes: 10,
  width: 16,
  depth: 2,
  stateSize: 4,
});
const pruned = pruningPlan({ schedule: [{ after: 1, keep: 0.5 }] });
const model: ReadyModel = {
  id: 'vim-tiny',
  spec,
  described: { name: 'made up', spec: { ...spec }, params: 1, weights: { from: 'random', seed: 0 } },
  weights: () => randomWeights(spec),
};

const head = (row: string): RecordHead => ({
  schema: schemaVersion,
  key: row,
  experiment: 'made-up',
  row,
  label: row,
  paper: null,
  notes: [],
});

function placeIn(results: Workplace['results'], advance: (share: number) => void = () => {}): Workplace {
  return { results, stopping: () => false, advance } as Workplace;
}

const budget = { warmup: 1, minRounds: 2, maxRounds: 2, ms: 0 };

describe('a rival', () => {
  const modes: readonly Mode[] = [
    { cores: 'together', threads: 1, batch: 1 },
    { cores: 'apart', threads: 2, batch: 3 },
  ];

  it.each(modes)('runs in the form that it is named after, $cores', async (mode) => {
    // Shapes that the kernels do not take run as one graph, whose time must not stand under another name.
    const unlike = { ...spec, stateSize: 6 };
    for (const form of ['matmul-floor', 'whole-scan', 'whole-linear-attention', 'segments'] as const) {
      const rival = await openRival({ form, spec, plan: pruned }, mode);
      await expect(rival.run(mode.batch)).resolves.toBeUndefined();
      await rival.dispose();
    }
    await expect(openRival({ form: 'segments', spec: unlike, plan: densePlan }, mode)).rejects.toThrow(
      "segments does not take this model's shapes: it would run as whole-scan",
    );
  });

  it('that cannot be opened in a separate thread says why', async () => {
    const broken = { ...spec, width: -1 };
    const mode = { cores: 'apart', threads: 2 } as const;
    await expect(openRival({ form: 'matmul-floor', spec: broken, plan: densePlan }, mode)).rejects.toThrow(
      'worker',
    );
  });

  it('takes memory, measured in a process that does nothing else', async () => {
    const mode: Mode = { cores: 'together', threads: 1, batch: 1 };
    const peakOf = (of: VimSpec) =>
      measurePeakMemory({ setup: { form: 'segments', spec: of, plan: densePlan }, mode });
    const wide = { ...spec, width: 768, innerWidth: 1536, dtRank: 48, depth: 8 };
    // Whatever a process takes by itself is in both; the weights and the runtime's copy of them only in one.
    const weights = 4 * (parameterCount(wide) - parameterCount(spec));
    expect(weights).toBeGreaterThan(100e6);
    expect((await peakOf(wide)) - (await peakOf(spec))).toBeGreaterThan(weights);
    const broken = { ...spec, width: -1 };
    const failing = measurePeakMemory({
      setup: { form: 'matmul-floor', spec: broken, plan: densePlan },
      mode,
    });
    await expect(failing).rejects.toThrow(/peak memory: its process failed: RangeError/);
  });
});

describe('calibration', () => {
  it('tries every mode and takes the best', async () => {
    const setup = { form: 'matmul-floor', spec, plan: densePlan } as const;
    let share = 0;
    const advance = (more: number) => {
      share += more;
    };
    const found = await calibrateMode(setup, 1, { stopping: () => false, advance });
    expect(found!.trials.map(({ batch }) => batch)).toEqual([1, 4, 8]);
    expect(found!.best).toEqual(bestMode(found!.trials));
    expect(share).toBeCloseTo(1, 12);
    expect(await calibrateMode(setup, 1, { stopping: () => true, advance })).toBeNull();
  });

  it('compares times per image, and prefers long runs where they are as good', () => {
    const trial = (batch: number, msPerImage: number) =>
      ({ cores: 'together', threads: 1, batch, msPerImage }) as const;
    expect(bestMode([trial(1, 3), trial(4, 2), trial(8, 4)]).batch).toBe(4);
    expect(bestMode([trial(8, 3.05), trial(4, 3)]).batch).toBe(8);
  });
});

describe('the roofs', () => {
  it('are of one thread and of all, from the middle of their times', async () => {
    const times = {
      product: async (threads: number) => [9, 4 / threads, 1],
      copy: async (threads: number) => [2 * threads, 1, 7 * threads],
    };
    const roofs = await measureRoofs(2, { copyBytes: 5e6, runs: 3 }, times);
    expect(roofs).toEqual([
      { threads: 1, gflopsPerSecond: largeProductFlops / 4e6, gigabytesPerSecond: 5 },
      { threads: 2, gflopsPerSecond: largeProductFlops / 2e6, gigabytesPerSecond: 5 },
    ]);
  });

  it('are measured on this machine', async () => {
    for (const { gflopsPerSecond, gigabytesPerSecond } of await measureRoofs(2, {
      copyBytes: 2 ** 20,
      runs: 1,
    })) {
      expect(Number.isFinite(gflopsPerSecond) && gflopsPerSecond > 0).toBe(true);
      // A copy this small may take less than the clock tells.
      expect(gigabytesPerSecond).toBeGreaterThan(0);
    }
  });
});

describe('records', () => {
  it('of rivals: one group, raw times, pruned against the dense arm of the same form', async () => {
    const results = openResults(newFolder());
    const arms = (['matmul-floor', 'segments'] as const).flatMap((form) =>
      [densePlan, pruned].map((plan, index) => ({ head: head(`${form}-${index}`), model, plan, form })),
    );
    const task = {
      kind: 'rivals',
      key: 'group-1',
      label: '',
      threads: 1,
      modes: usualMode,
      budget,
      arms,
    } as const;
    let share = 0;
    const place = placeIn(results, (more) => {
      share += more;
    });
    expect(await measureRivals(task, place)).toBe('done');
    results.close();
    const records = results.records as SpeedRecord[];
    expect(records.map(({ speedup }) => speedup?.against ?? null)).toEqual([
      null,
      'matmul-floor-0',
      null,
      'segments-0',
    ]);
    for (const { samplesMs, execution } of records) {
      expect(samplesMs).toHaveLength(2);
      expect(execution).toMatchObject({ group: 'group-1', cores: 'together', calibration: [] });
    }
    expect(share).toBeCloseTo(1, 12);
  });

  it('of lengths have the peak memory of each', async () => {
    const results = openResults(newFolder());
    const arms = [{ head: head('l-50'), model, plan: densePlan, batch: 1 }];
    await measureLengths(
      { kind: 'lengths', key: 'lengths-1', label: '', threads: 1, budget, arms },
      placeIn(results),
    );
    results.close();
    expect((results.records[0] as SpeedRecord).peakMemoryBytes).toBeGreaterThan(40e6);
  });

  it('of profiles: every part of every block, and what scoring adds', async () => {
    const results = openResults(newFolder());
    const arms = [densePlan, pruned].map((plan, index) => ({ head: head(`p-${index}`), model, plan }));
    const shape = { batch: 2, warmup: 1, rounds: 2 };
    const roofs = [{ threads: 1, gflopsPerSecond: 9, gigabytesPerSecond: 5 }];
    expect(
      await measureProfile(
        { kind: 'profile', key: 'profile-1', label: '', threads: 1, shape, arms },
        placeIn(results),
        async () => roofs,
      ),
    ).toBe('done');
    results.close();
    const [dense, short] = results.records as ProfileRecord[];
    const named = ({ parts }: ProfileRecord) => parts.map(({ part, block }) => `${part} ${block}`);
    const first = ['convolution 1', 'projections 1', 'scan 1'];
    const second = ['convolution 2', 'projections 2', 'scan 2', 'head 2'];
    expect(named(dense)).toEqual(['embed 1', ...first, 'inter-scan 1', ...second]);
    expect(named(short)).toEqual(['embed 1', ...first, 'pruning 1', 'inter-scan 1', ...second]);
    expect(dense.scoring).toBeNull();
    expect(short.scoring?.samplesMs).toHaveLength(2);
    expect(dense.roofs).toEqual(roofs);
  });

  it('are none when the run is stopped', async () => {
    const results = openResults(newFolder());
    const stopped = { ...placeIn(results), stopping: () => true };
    const arms = [{ head: head('x'), model, plan: densePlan, form: 'matmul-floor' }] as const;
    const task = {
      kind: 'rivals',
      key: 'g',
      label: '',
      threads: 1,
      modes: 'calibrate',
      budget,
      arms,
    } as const;
    expect(await measureRivals(task, stopped)).toBe('stopped');
    results.close();
    expect(results.records).toEqual([]);
  });
});
