import { type Alignment, formatSchedule, type PruningPlan, type ScheduleSearch } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { modelFlops } from './flops.ts';
import { models } from './model.ts';
import { plainMambaSpec } from './plainmamba/spec.ts';
import { pruningPlan } from './plan.ts';
import { searchSchedules } from './search.ts';
import type { ModelSpec } from './table.ts';
import { vimSpec } from './vim/spec.ts';

const found = (spec: ModelSpec, search: ScheduleSearch) =>
  searchSchedules(spec, search).map(({ plan }) => formatSchedule(plan.schedule));

const saved = (spec: ModelSpec, plan: PruningPlan) =>
  1 - modelFlops(spec, plan, 'paper').total / modelFlops(spec, { ...plan, schedule: [] }, 'paper').total;

const small = plainMambaSpec({
  width: 16,
  depth: 7,
  stemConvs: 1,
  stemWidth: 4,
  imageHeight: 96,
  imageWidth: 80,
});

describe('searching schedules', () => {
  it('finds dozens that save 41.6 % of PlainMamba-L3, aligned', () => {
    const spec = models['plainmamba-l3'];
    const schedules = searchSchedules(spec, { reduction: 0.416 });
    const exact = schedules.filter(({ reduction }) => (100 * reduction).toFixed(1) === '41.6');
    expect(exact.length).toBeGreaterThan(12);
    for (const { plan, reduction } of exact) {
      expect(plan.alignment).toBe('decay');
      expect(saved(spec, plan)).toBe(reduction);
    }
    expect(exact.map(({ plan }) => formatSchedule(plan.schedule))).toContain('4,12,20,28@0.7');
  });

  it('takes the schedule of the authors’ Vim-S for the best-balanced at its FLOPs', () => {
    // 1 - 3.600 / 5.077, both published
    expect(found(models['vim-small'], { reduction: 0.2909 })[0]).toBe('5,10,15@0.8');
  });

  it('lists by imbalance, whose four parts add up', () => {
    const schedules = searchSchedules(models['vim-tiny'], { reduction: 0.2, plan: { alignment: 'none' } });
    const order = schedules.map(({ imbalance }) => imbalance);
    expect(order.length).toBeGreaterThan(5);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    for (const { plan, keep, reduction, imbalance } of schedules) {
      const blocks = plan.schedule.map(({ after }) => after);
      const squares = blocks.map((block, i) => (block / 24 - (i + 1) / (blocks.length + 1)) ** 2);
      const uneven = Math.sqrt(squares.reduce((sum, square) => sum + square) / blocks.length);
      const expected = uneven + (1 - keep) + blocks.length / 24 + Math.abs(reduction - 0.2);
      expect(imbalance).toBeCloseTo(expected, 12);
      expect(plan.conv).toBe('compact');
    }
  });

  it.each<Alignment>(['none', 'decay'])('misses no evenly spaced schedule, %s', (alignment) => {
    const expected = new Set<string>();
    const keeps = [0.5, 0.8];
    for (const keep of keeps) {
      for (let bits = 1; bits < 2 ** 6; bits++) {
        const blocks = [1, 2, 3, 4, 5, 6].filter((block) => bits & (1 << (block - 1)));
        const gaps = new Set(blocks.slice(1).map((block, i) => block - blocks[i]));
        if (gaps.size > 1) continue;
        const schedule = blocks.map((after) => ({ after, keep }));
        const plan = pruningPlan({ schedule, alignment }, 'plainmamba');
        if (Math.abs(saved(small, plan) - 0.3) <= 0.1) expected.add(formatSchedule(schedule));
      }
    }
    const search = { reduction: 0.3, tolerance: 0.1, keeps, plan: { alignment } };
    expect(expected.size).toBeGreaterThan(3);
    expect(found(small, search).toSorted()).toEqual([...expected].toSorted());
  });

  it('solves for the ratio: no other of three decimals comes closer', () => {
    for (const spec of [small, vimSpec({ width: 16, depth: 6, imageHeight: 96, imageWidth: 96 })]) {
      const solved = searchSchedules(spec, {
        reduction: 0.3,
        tolerance: 0.05,
        keeps: 'solved',
        steps: [1, 2],
      });
      expect(solved.length).toBeGreaterThan(3);
      for (const { plan, reduction } of solved) {
        const others = Array.from({ length: 999 }, (_, i) => {
          const schedule = plan.schedule.map(({ after }) => ({ after, keep: (i + 1) / 1000 }));
          return Math.abs(saved(spec, { ...plan, schedule }) - 0.3);
        });
        expect(Math.abs(reduction - 0.3)).toBe(Math.min(...others));
      }
    }
  });

  it('holds the number of steps within its bounds', () => {
    const search: ScheduleSearch = { reduction: 0.3, tolerance: 0.05 };
    const lengths = (steps: [number, number]) =>
      new Set(searchSchedules(small, { ...search, steps }).map(({ plan }) => plan.schedule.length));
    expect([...lengths([2, 3])].toSorted()).toEqual([2, 3]);
    expect([...lengths([1, 1])]).toEqual([1]);
  });

  it('finds nothing where nothing fits', () => {
    expect(found(small, { reduction: 0.999 })).toEqual([]);
  });

  it('passes over what a rule that pairs tokens cannot follow, and says why where it can follow nothing', () => {
    const plan = { signal: 'tome', alignment: 'none' } as const;
    const search = { reduction: 0.3, tolerance: 0.02, plan };
    const paired = searchSchedules(small, search);
    expect(paired.length).toBeGreaterThan(0);
    const halved = { ...search, keeps: [0.1] };
    expect(() => searchSchedules(small, halved)).toThrow('rule "tome"');
    expect(searchSchedules(small, { ...search, keeps: 'solved' }).length).toBeGreaterThan(0);
  });

  it.each<[ScheduleSearch, string]>([
    [{ reduction: 0 }, 'reduction 0: must be'],
    [{ reduction: 41.6 }, 'reduction 41.6: must be'],
    [{ reduction: Number.NaN }, 'reduction NaN: must be'],
    [{ reduction: 0.4, tolerance: -1 }, 'tolerance -1'],
    [{ reduction: 0.4, keeps: [0.5, 1] }, 'keep ratio 1: must be between 0 and 1'],
    [{ reduction: 0.4, steps: [3, 2] }, 'steps 3 to 2'],
    [{ reduction: 0.4, plan: { alignment: 'mask' } }, 'alignment "mask" keeps every token'],
    [{ reduction: 0.4, plan: { countClassToken: true } }, 'exists for Vim only'],
  ])('refuses %j', (search, problem) => {
    expect(() => searchSchedules(small, search)).toThrow(problem);
  });
});
