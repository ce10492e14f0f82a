/** Pruning plans for a family: what it admits, and what it takes where a plan says nothing. */
import {
  choiceNotAdmitted,
  completePlan,
  counted,
  everyChoice,
  type PruningPlan,
  UserError,
} from '@vssm/core';
import { families, type ModelFamily, type ModelSpec, modelFamilies } from './table.ts';

/** No pruning at all. */
export const densePlan: PruningPlan = completePlan({ schedule: [] });

/**
 * Completes and checks a plan.
 *
 * @param family default: none in particular, so that every choice stands
 * @throws UserError for a combination without meaning, in itself or for the family
 */
export function pruningPlan(
  options: Partial<PruningPlan> & Pick<PruningPlan, 'schedule'>,
  family?: ModelFamily,
): PruningPlan {
  const plan = completePlan(options, family === undefined ? everyChoice : families[family].plans);
  if (family !== undefined) checkFamily(plan, family);
  return plan;
}

/** Throws a UserError where a model cannot be pruned by a plan: another family's option, or a block it lacks. */
export function checkPlan(spec: Pick<ModelSpec, 'family' | 'depth'>, plan: PruningPlan): void {
  checkFamily(plan, spec.family);
  for (const { after } of plan.schedule) {
    if (after > spec.depth) {
      throw new UserError(
        `schedule: block ${after} is not there; the model has ${counted(spec.depth, 'block')}`,
      );
    }
  }
}

function checkFamily(plan: PruningPlan, family: ModelFamily): void {
  const lacking = choiceNotAdmitted(plan, families[family].plans);
  if (lacking === undefined) return;
  const having = modelFamilies.filter((other) => families[other].plans.choices[lacking.choice]);
  const titles = having.map((other) => families[other].title);
  throw new UserError(
    `${lacking.what} exists for ${new Intl.ListFormat('en-GB').format(titles)} only, not for ${families[family].title}`,
  );
}
