/** Results of detectors and segmenters that belong side by side: one model on one data set, dense and pruned. */
import type { VisionRecord } from '@vssm/results';
import type { Evidence } from '../../evidence.ts';
import { planName } from '../../plan-names.ts';

export interface VisionGroup {
  readonly model: VisionRecord['model'];
  readonly dataset: VisionRecord['dataset'];
  readonly input: VisionRecord['input'];
  /** The unpruned model first. */
  readonly records: readonly VisionRecord[];
}

export function visionGroups({ vision }: Evidence): readonly VisionGroup[] {
  const records = vision.map(({ record }) => record);
  const byModel = Map.groupBy(records, ({ experiment, model, dataset, input }) =>
    JSON.stringify([experiment, model, dataset, input]),
  );
  return [...byModel.values()].map((group) => {
    const { model, dataset, input } = group[0];
    return {
      model,
      dataset,
      input,
      records: group.toSorted((a, b) => Number(isPruned(a)) - Number(isPruned(b))),
    };
  });
}

export function isPruned({ plan }: Pick<VisionRecord, 'plan'>): boolean {
  return plan.schedule.length > 0;
}

/** Random weights: it shows that everything runs, and nothing else. */
export function isSmoke({ model }: Pick<VisionRecord, 'model'>): boolean {
  return model.weights.from === 'random';
}

/** The plan's name as its backbone's family has it; of older results, whatever the family. */
export function visionPlanName({ plan, model: { backbone } }: Pick<VisionRecord, 'plan' | 'model'>): string {
  return planName(plan, backbone && { backbone });
}
