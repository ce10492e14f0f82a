/** `vssm flops`: what one image costs, in either profile. */
import {
  type Flops,
  type FlopsProfile,
  flopsProfiles,
  formatSchedule,
  oneOf,
  type PruningPlan,
  planName,
} from '@vssm/core';
import { checkPlan, type ModelSpec, modelFlops, parameterCount } from '@vssm/families';
import {
  type DenseModelName,
  denseFlops,
  denseModels,
  denseParameterCount,
  isDenseModelName,
  withInputSize,
} from '@vssm/vision-tasks';
import { Command } from 'commander';
import { addModelOptions, type ModelOptions, specOf } from '../options/model.ts';
import { addPlanOptions, type PlanOptions, planOf } from '../options/plan.ts';
import { listing, type OutputOptions, printResult } from '../output.ts';

type Options = ModelOptions & PlanOptions & OutputOptions & { readonly profile: string };

export function flopsCommand(): Command {
  const command = new Command('flops').description(
    'FLOPs, parameters and token counts of a model and a plan; --model also takes detectors and segmenters',
  );
  return addPlanOptions(addModelOptions(command))
    .option('--profile <name>', 'paper (the published convention) or strict (every operation)', 'paper')
    .option('--json', 'print one JSON document on stdout')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const profile = oneOf('--profile', options.profile, flopsProfiles);
  if (options.model !== undefined && isDenseModelName(options.model)) {
    return denseRun(options.model, profile, options);
  }
  const { name, spec } = await specOf(options);
  const plan = await planOf(options, spec.family);
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

/** A detector's or segmenter's cost by part, at the upstream input size or the one given. */
async function denseRun(name: DenseModelName, profile: FlopsProfile, options: Options): Promise<void> {
  const { imageSize } = options;
  const published = denseModels[name];
  const spec =
    imageSize === undefined ? published : withInputSize(published, imageSize.height, imageSize.width);
  const { imageHeight: height, imageWidth: width, family } = spec.backbone.spec;
  const plan = await planOf(options, family);
  const { total, parts, tokens } = denseFlops(spec, plan, profile);
  const params = denseParameterCount(spec);
  const gflops = Object.fromEntries([...parts].map(([part, value]) => [part, value / 1e9]));
  const schedule = formatSchedule(plan.schedule);
  const { alignment } = plan;
  const result = {
    ...{ model: name, input: { height, width }, profile, gflops: total / 1e9 },
    ...{ params, tokens, schedule, alignment, parts: gflops },
  };
  const text = listing([
    ['model', name],
    ['input', `${height}x${width}`],
    ['parameters', params.toLocaleString('en')],
    ['plan', planName(plan)],
    ['tokens', tokens.join(' → ')],
    [`GFLOPs (${profile} profile)`, (total / 1e9).toFixed(3)],
    ...Object.entries(gflops).map(([part, value]): [string, string] => [`  ${part}`, value.toFixed(3)]),
  ]);
  printResult(options, result, text);
}

function human(name: string, spec: ModelSpec, plan: PruningPlan, flops: Flops): string {
  return listing([
    ['model', name],
    ['parameters', parameterCount(spec).toLocaleString('en')],
    ['plan', planName(plan)],
    ['tokens', flops.tokens.join(' → ')],
    [`GFLOPs (${flops.profile} profile)`, (flops.total / 1e9).toFixed(3)],
  ]);
}
