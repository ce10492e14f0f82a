/** `vssm flops`: what one image costs, in either profile. */
import {
  checkPlan,
  type Flops,
  flopsProfiles,
  formatSchedule,
  type ModelSpec,
  modelFlops,
  oneOf,
  type PruningPlan,
  parameterCount,
} from '@vssm/core';
import { Command } from 'commander';
import { addModelOptions, type ModelOptions, specOf } from '../options/model.ts';
import { addPlanOptions, type PlanOptions, planOf } from '../options/plan.ts';
import { listing, type OutputOptions, printResult } from '../output.ts';

type Options = ModelOptions & PlanOptions & OutputOptions & { readonly profile: string };

export function flopsCommand(): Command {
  const command = new Command('flops').description(
    'FLOPs, parameters and token counts of a model and a plan',
  );
  return addPlanOptions(addModelOptions(command))
    .option('--profile <name>', 'paper (the published convention) or strict (every operation)', 'paper')
    .option('--json', 'print one JSON document on stdout')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const profile = oneOf('--profile', options.profile, flopsProfiles);
  const { name, spec } = await specOf(options);
  const plan = planOf(options, spec.family);
  checkPlan(spec, plan);
  const flops = modelFlops(spec, plan, profile);
  const gflops = (value: number) => value / 1e9;
  const result = {
    model: name,
    profile,
    gflops: gflops(flops.total),
    params: parameterCount(spec),
    tokens: flops.tokens,
    schedule: formatSchedule(plan.schedule),
    alignment: plan.alignment,
    parts: {
      patchEmbed: gflops(flops.patchEmbed),
      blocks: flops.blocks.map(({ tokens, block, pruning }) => ({
        tokens,
        gflops: gflops(block),
        pruning: gflops(pruning),
      })),
      head: gflops(flops.head),
    },
  };
  printResult(options, result, human(name, spec, plan, flops));
}

function human(name: string, spec: ModelSpec, plan: PruningPlan, flops: Flops): string {
  return listing([
    ['model', name],
    ['parameters', parameterCount(spec).toLocaleString('en')],
    ['plan', plan.schedule.length === 0 ? 'dense' : `${formatSchedule(plan.schedule)}, ${plan.alignment}`],
    ['tokens', flops.tokens.join(' → ')],
    [`GFLOPs (${flops.profile} profile)`, (flops.total / 1e9).toFixed(3)],
  ]);
}
