import { checkExperiment } from '@vssm/bench';
import { builtInRules, type Signal, signals, UserError } from '@vssm/core';
import { densePlan, modelFlops, models, pruningPlan, tokenCounts } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { contendersOf, ways } from './contenders.ts';
import { experiment, grounds, leagueRows } from './experiment.ts';

const rows = experiment.rows.filter((row) => row.kind === 'accuracy');
const prunedOf = (ground: string) =>
  rows.filter(({ id, plan }) => id.startsWith(`${ground}-`) && plan.schedule.length > 0);
const pruned = prunedOf('nano');
const prunedPlain = prunedOf('plain');
const [{ spec: nano }, { spec: plain }] = grounds;

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
    for (const own of [pruned, prunedPlain]) {
      const plans = own.map(({ plan }) => JSON.stringify(plan));
      expect(new Set(plans).size).toBe(plans.length);
    }
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

  it.each([
    { ground: 'nano', spec: nano, saved: [28.4, 41.4, 48.8] },
    { ground: 'plain', spec: plain, saved: [20.6, 29.3, 41.6] },
  ])(
    'leaves all equally many tokens after every block, and as much below dense as it says: $ground',
    ({ ground, spec, saved }) => {
      // STORM's windows are whole, so what they leave is not any schedule's.
      const own = prunedOf(ground).filter(({ plan }) => plan.signal !== 'storm');
      const parts = [...Map.groupBy(own, ({ plan }) => JSON.stringify(plan.schedule)).values()].map(
        (group) => {
          const counts = group.map(({ plan }) => JSON.stringify(tokenCounts(spec, plan)));
          expect(new Set(counts).size).toBe(1);
          const top = group.find(({ id }) => id.startsWith(`${ground}-clip-drop-decay-positional@`))!;
          return 1 - modelFlops(spec, top.plan, 'paper').total / modelFlops(spec, densePlan, 'paper').total;
        },
      );
      expect(parts.map((part) => Number((100 * part).toFixed(1))).sort()).toEqual(saved);
    },
  );

  it('runs eleven pruned rows in every run, and the others where it is asked for', () => {
    expect(pruned.filter(({ extent }) => extent === undefined)).toHaveLength(11);
    expect(rows.filter(({ id, extent }) => id.startsWith('plain-') && extent === undefined)).toEqual([]);
  });

  it('takes a PlainMamba, with the ways that it has', () => {
    const place = { model: 'plainmamba-l1', dataset: 'imagenet', images: 'sample' } as const;
    const own = leagueRows({ id: 'plain', spec: models['plainmamba-l1'], place, schedules: ['5@0.86'] });
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
    for (const { plan } of own) expect(tokenCounts(models['plainmamba-l1'], plan)).toEqual([196, 169]);
    expect(own.length).toBeGreaterThan(contendersOf(['gated', 'evit', 'tome']).length);
  });
});
