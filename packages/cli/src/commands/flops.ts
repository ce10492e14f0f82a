/** `vssm flops`: what one image costs, in either profile. */
import {
  checkScheduleDepth,
  type Flops,
  flopsProfiles,
  formatSchedule,
  oneOf,
  type PruningPlan,
  parameterCount,
  type VimSpec,
  vimFlops,
} from '@vssm/core';
import { Command } from 'commander';
import { addModelOptions, loadModel, type ModelOptions, modelSpec } from '../options/model.ts';
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
  const plan = planOf(options);
  const { name, spec } = await source(options);
  checkScheduleDepth(plan.schedule, spec.depth);
  const flops = vimFlops(spec, plan, profile);
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

async function source(options: Options): Promise<{ name: string; spec: VimSpec }> {
  if (options.model !== undefined && options.checkpoint === undefined) {
    return { name: options.model, spec: modelSpec(options.model, options) };
  }
  return loadModel(options);
}

function human(name: string, spec: VimSpec, plan: PruningPlan, flops: Flops): string {
  return listing([
    ['model', name],
    ['parameters', parameterCount(spec).toLocaleString('en')],
    ['plan', plan.schedule.length === 0 ? 'dense' : `${formatSchedule(plan.schedule)}, ${plan.alignment}`],
    ['tokens', flops.tokens.join(' → ')],
    [`GFLOPs (${flops.profile} profile)`, (flops.total / 1e9).toFixed(3)],
  ]);
}
