import { checkExperiment } from '@vssm/bench';
import { builtInRules, type Signal, signals, UserError } from '@vssm/core';
import { densePlan, modelFlops, models, pruningPlan, tokenCounts, vimSpec } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { contendersOf, ways } from './contenders.ts';
import { experiment, leagueRows } from './experiment.ts';

const rows = experiment.rows.filter((row) => row.kind === 'accuracy');
const pruned = rows.filter(({ plan }) => plan.schedule.length > 0);
const nano = vimSpec({
  ...{ imageHeight: 28, imageWidth: 28, inChannels: 1, patchSize: 4, stride: 4 },
  ...{ width: 48, depth: 8, stateSize: 8, classes: 10 },
});

/** Whether a Vim can be pruned by it. */
function isVims(signal: Signal): boolean {
  try {
    pruningPlan({ signal, schedule: [{ after: 2, keep: 0.5 }] }, 'vim');
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

describe('the league', () => {
  it('is declared without contradictions', () => {
    checkExperiment(experiment);
    const plans = pruned.map(({ plan }) => JSON.stringify(plan));
    expect(new Set(plans).size).toBe(plans.length);
  });

  it('has every rule that a Vim has, dropping and, where defined, merging', () => {
    for (const signal of signals.filter(isVims)) {
      const own = pruned.filter(({ plan }) => plan.signal === signal);
      const operations = new Set(own.map(({ plan }) => plan.operation ?? 'drop'));
      const wanted = signal === 'mtr-like' ? ['merge'] : ['drop', 'merge'];
      expect([...operations], signal).toEqual(expect.arrayContaining(wanted));
      const { pairs } = builtInRules[signal];
      if (pairs !== undefined) expect([...operations], signal).toContain(pairs);
    }
  });

  it('has every way to go on for every contender', () => {
    const counts = new Map<string, number>();
    for (const { plan } of pruned) {
      const contender = JSON.stringify({ ...plan, alignment: '', conv: '', tokenOrder: '' });
      counts.set(contender, (counts.get(contender) ?? 0) + 1);
    }
    expect(new Set(counts.values())).toEqual(new Set([ways.length]));
  });

  it('leaves all equally many tokens after every block, and as much below dense as it says', () => {
    const bySchedule = Map.groupBy(pruned, ({ plan }) => JSON.stringify(plan.schedule));
    const parts = [...bySchedule.values()].map((group) => {
      const counts = group.map(({ plan }) => JSON.stringify(tokenCounts(nano, plan)));
      expect(new Set(counts).size).toBe(1);
      const top = group.find(({ id }) => id.startsWith('nano-clip-drop-decay-positional@'))!;
      return 1 - modelFlops(nano, top.plan, 'paper').total / modelFlops(nano, densePlan, 'paper').total;
    });
    expect(parts.map((part) => Number((100 * part).toFixed(1)))).toEqual([28.4, 41.4, 48.8]);
  });

  it('runs eleven pruned rows in every run, and the others where it is asked for', () => {
    expect(pruned.filter(({ extent }) => extent === undefined)).toHaveLength(11);
  });

  it('takes a PlainMamba, with the ways that it has', () => {
    const place = { model: 'plainmamba-l1', dataset: 'imagenet', images: 'sample' } as const;
    const own = leagueRows({ id: 'plain', family: 'plainmamba', place, schedules: ['5,9@0.8'] });
    // STORM's windows go with no other way; what is left of them is a full grid.
    const [storm, others] = [true, false].map((is) =>
      own.filter(({ plan }) => (plan.signal === 'storm') === is),
    );
    expect(storm.map(({ plan }) => plan.operation ?? 'drop')).toEqual(['merge-sum', 'drop', 'merge']);
    expect(new Set(storm.map(({ plan }) => `${plan.alignment} ${plan.conv}`))).toEqual(
      new Set(['none compact']),
    );
    expect(new Set(others.map(({ plan }) => plan.conv))).toEqual(new Set(['positional']));
    expect(new Set(others.map(({ plan }) => plan.alignment))).toEqual(new Set(['decay', 'none']));
    expect(own.map(({ plan }) => plan.signal)).not.toContain('gated-backward');
    for (const { plan } of own) expect(tokenCounts(models['plainmamba-l1'], plan)).toHaveLength(3);
    expect(own.length).toBeGreaterThan(contendersOf(['gated', 'evit', 'tome']).length);
  });
});
