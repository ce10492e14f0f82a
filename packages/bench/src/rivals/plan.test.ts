import { workerBytes } from '@vssm/backend-cpu';
import { densePlan, models, pruningPlan, sequenceLength } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { kindOf } from '../kinds/index.ts';
import type { LengthsRow } from '../kinds/lengths.ts';
import type { ProfileRow } from '../kinds/profile.ts';
import type { RivalsRow } from '../kinds/rivals.ts';
import { silentProgress } from '../progress.ts';
import { Resources } from '../resources.ts';
import { type BenchRequest, plannedTasks } from '../run.ts';
import type { Task, WorkTask } from '../tasks.ts';
import { madeUpBackend, opened, requestOf } from '../test-support/made-up.ts';
import type { LengthsTask, RivalsTask } from './measure-rivals.ts';
import { candidateModes, usualMode } from './modes.ts';

type CpuRow = RivalsRow | LengthsRow | ProfileRow;
const recordHeads = (task: WorkTask) => kindOf(task).heads(task);

const head = { label: 'a row', paper: null, notes: [], model: 'vim-tiny', extent: 'thorough' } as const;
const budget = { warmup: 0, minRounds: 1, maxRounds: 1, ms: 0 };
const pruned = pruningPlan({ schedule: [{ after: 10, keep: 0.8 }] });

const rivals: RivalsRow = {
  ...head,
  kind: 'rivals',
  id: 'rivals',
  cores: 'all',
  modes: 'calibrate',
  budget,
  arms: [
    { id: 'matmul-floor', label: 'matmul-floor', form: 'matmul-floor', plan: densePlan },
    { id: 'dense', label: 'dense', form: 'segments', plan: densePlan },
    { id: 'pruned', label: 'pruned', form: 'segments', plan: pruned },
  ],
};
const lengths: LengthsRow = { ...head, kind: 'lengths', id: 'lengths', sides: [224, 1024], budget };
const profile: ProfileRow = {
  ...head,
  kind: 'profile',
  id: 'profile',
  batch: 1,
  warmup: 0,
  rounds: 1,
  arms: [{ id: 'profile-dense', label: 'dense', plan: densePlan }],
};

function plan(rows: readonly CpuRow[], change: Partial<BenchRequest> = {}): Promise<Task[]> {
  const request = requestOf(rows, { backend: opened(madeUpBackend()), full: true, ...change });
  return plannedTasks(request, new Resources(request.sources));
}

describe('CPU rows', () => {
  it('are thorough with --full and when asked for by name, short otherwise', async () => {
    const rows = [rivals, { ...profile, extent: 'short' } as const];
    const kinds = async (change: Partial<BenchRequest>) => (await plan(rows, change)).map(({ kind }) => kind);
    expect(await kinds({ full: true })).toEqual(['rivals']);
    expect(await kinds({ full: false, only: ['made-up'] })).toEqual(['rivals']);
    expect(await kinds({ full: false })).toEqual(['profile']);
  });

  it('head one record for each arm, or length', async () => {
    const tasks = (await plan([rivals, lengths, profile])) as WorkTask[];
    expect(tasks.map((task) => recordHeads(task).map(({ row }) => row))).toEqual([
      ['matmul-floor', 'dense', 'pruned'],
      ['lengths-197', 'lengths-4097'],
      ['profile-dense'],
    ]);
  });

  it('give one core one thread, and longer sequences fewer images', async () => {
    const [task] = (await plan([{ ...rivals, cores: 'one' }], { threads: 4 })) as RivalsTask[];
    expect(task.threads).toBe(1);
    const [{ arms }] = (await plan([lengths], { threads: 4 })) as LengthsTask[];
    expect(arms.map(({ model, batch }) => [sequenceLength(model.spec), batch])).toEqual([
      [197, 16],
      [4097, 4],
    ]);
    const shapes = arms[1].model.described.spec;
    expect([shapes.imageHeight, shapes.imageWidth]).toEqual([1024, 1024]);
  });

  it('are not run where another backend was asked for, and say so', async () => {
    const backend = { ...opened(madeUpBackend()), name: 'reference' } as const;
    const [task] = await plan([rivals], { backend });
    expect(task).toMatchObject({
      kind: 'skipped',
      record: { howToRun: expect.stringContaining('--only made-up') },
    });
  });

  it('take the threads that memory carries, with a word, before they are keyed', async () => {
    const each = workerBytes(models['vim-tiny']);
    const said: string[] = [];
    const progress = { ...silentProgress, say: (line: string) => said.push(line) };
    const short = { threads: 4, availableMemory: 2 * rivals.arms.length * each, progress };
    const [capped] = (await plan([rivals], short)) as RivalsTask[];
    const [asked] = (await plan([rivals], { threads: 2 })) as RivalsTask[];
    expect(capped.threads).toBe(2);
    expect(capped.key).toBe(asked.key);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^4 threads of these 3 models at once take about .* so 2 threads it is$/);
  });

  it('have other keys on another number of threads', async () => {
    const keys = [1, 2].map(async (threads) => ((await plan([profile], { threads })) as RivalsTask[])[0].key);
    expect(await keys[0]).not.toBe(await keys[1]);
  });
});

describe('modes', () => {
  it('let each thread run by itself, where there are several', () => {
    expect(candidateModes(1).every(({ cores }) => cores === 'together')).toBe(true);
    expect(candidateModes(2)).toContainEqual({ cores: 'apart', threads: 2, batch: 8 });
    expect(usualMode('segments', 3)).toEqual({ cores: 'apart', threads: 3, batch: 12 });
  });
});
