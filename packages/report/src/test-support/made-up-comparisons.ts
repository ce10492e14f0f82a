/** Made-up records of backends held against the reference. No number here was measured. */
import { formatSchedule } from '@vssm/core';
import { densePlan, modelFlops, pruningPlan, tokenCounts, vimModels } from '@vssm/families';
import type { ComparisonRecord } from '@vssm/results';

const spec = vimModels['vim-tiny'];
const plans = [densePlan, pruningPlan({ schedule: [10, 20].map((after) => ({ after, keep: 0.8 })) })];
/** Slowness of each backend; null: not there. */
const backends = { 'cpu/segments': 1, 'wasm/segments': 2, 'webgpu/segments': 9, 'cuda/whole': null } as const;
const weather = [1, 1.1, 0.96, 1.02, 1.3];

/** @param text goes into every text that comes from outside */
export function madeUpComparisons(text: string): ComparisonRecord[] {
  return plans.flatMap((plan) =>
    Object.entries(backends).map(([path, slowness]): ComparisonRecord => {
      const [name, form] = path.split('/');
      const schedule = formatSchedule(plan.schedule);
      const dense = schedule === '';
      const timing = (batch: number) => {
        const medianMs = ((slowness ?? 1) * (dense ? 20 : 15)) / (1 + batch / 8);
        return { batch, warmup: 1, samplesMs: weather.map((factor) => factor * medianMs), medianMs };
      };
      return {
        schema: 1,
        kind: 'comparison',
        key: `compare.${name}.${dense ? 'dense' : 'pruned'}`,
        experiment: 'compare',
        row: `${name}:${form}:${dense ? 'dense' : schedule}`,
        label: path + text,
        paper: null,
        notes: [],
        model: { name: `Vim-T${text}`, spec, params: 5, weights: { from: 'random', seed: 1 } },
        plan: structuredClone(plan) as ComparisonRecord['plan'],
        schedule,
        backend: { name, form },
        threads: 2,
        group: 'compare.1',
        images: {
          dataset: { name: `made-up data${text}`, split: 'test', sha256: null },
          reference: 40,
          referenceMs: 70,
          idsHash: '0'.repeat(64),
        },
        outcome:
          slowness === null
            ? { state: 'unavailable', reason: `there is no GPU${text}`, fix: `buy one${text}` }
            : {
                state: 'measured',
                details: { runtime: `made-up runtime${text}`, cores: '2' },
                parity: {
                  images: 40,
                  failed: 0,
                  maxDifference: 2e-6 * slowness,
                  meanDifference: 3e-7,
                  largestLogit: 8,
                  sameTop1: 40,
                  kept: dense
                    ? null
                    : {
                        images: slowness - 1,
                        ties: slowness > 1 ? 1 : 0,
                        positions: slowness - 1,
                        total: 4000,
                        largestMargin: slowness > 2 ? 3e-4 : 2e-7,
                        tieMargin: 1e-5,
                      },
                },
                agreement:
                  slowness === 1
                    ? null
                    : { with: { name: 'cpu', form: 'segments' }, images: 900, sameTop1: 899 },
                timings: slowness > 2 ? [] : [timing(1), timing(8)],
                untimed: slowness > 2 ? `software${text}` : null,
              },
        flops: {
          paper: modelFlops(spec, plan, 'paper').total / 1e9,
          strict: modelFlops(spec, plan, 'strict').total / 1e9,
        },
        tokens: [...tokenCounts(spec, plan)],
        durationMs: 100,
      };
    }),
  );
}
