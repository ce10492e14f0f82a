/** Pruning plans for a family: what it admits, and what it takes where a plan says nothing. */
import {
  checkSteps,
  choiceNotAdmitted,
  completePlan,
  counted,
  everyChoice,
  type PruningPlan,
  UserError,
} from '@vssm/core';
import { families, familyOf, type ModelFamily, type ModelSpec, modelFamilies } from './table.ts';

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

/**
 * Whether a model can be pruned by a plan, before anything runs.
 *
 * @throws UserError for another family's option, a block it lacks, or a step in which more tokens are to leave than the
 * rule finds destinations for
 */
export function checkPlan(spec: ModelSpec, plan: PruningPlan): void {
  checkFamily(plan, spec.family);
  for (const { after } of plan.schedule) {
    if (after > spec.depth) {
      throw new UserError(
        `schedule: block ${after} is not there; the model has ${counted(spec.depth, 'block')}`,
      );
    }
  }
  const { grid, protectedTokens } = familyOf(spec).layout(spec);
  const own = protectedTokens.length;
  const shape = { grid, length: grid.height * grid.width + own, protectedTokens: own };
  checkSteps(plan, shape, familyOf(spec).countRule(spec, plan));
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
