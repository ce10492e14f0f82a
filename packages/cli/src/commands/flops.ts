/** `vssm flops`: what one image costs, in either profile. */
import type { Checkpoint } from '@vssm/checkpoints';
import { type Flops, flopsProfiles, formatSchedule, oneOf, type PruningPlan, planName } from '@vssm/core';
import {
  checkPlan,
  densePlan,
  isModelName,
  type ModelSpec,
  modelFlops,
  parameterCount,
} from '@vssm/families';
import { Command } from 'commander';
import { groups } from '../options/groups.ts';
import { addModelOptions, loadModel, type ModelOptions, specOf } from '../options/model.ts';
import { addPlanOptions, type PlanOptions, planOf } from '../options/plan.ts';
import { listing, type OutputOptions, printResult } from '../output.ts';
import { saving } from '../saving.ts';

type FlopsOptions = ModelOptions & PlanOptions & OutputOptions & { readonly profile: string };

export function flopsCommand(): Command {
  const command = new Command('flops').description(
    'FLOPs, parameters and token counts of a model and a plan, detectors and segmenters too',
  );
  return addPlanOptions(addModelOptions(command))
    .optionsGroup(groups.output)
    .option('--profile <name>', 'paper (the published convention) or strict (every operation)', 'paper')
    .option('--json', 'print one JSON document on stdout')
    .action(run);
}

async function run(options: FlopsOptions): Promise<void> {
  const profile = oneOf('--profile', options.profile, flopsProfiles);
  // Detectors and segmenters, and their code, only where the name is no classifier's.
  const named = options.model !== undefined && !isModelName(options.model);
  const file =
    options.model === undefined && options.checkpoint !== undefined ? await fileOf(options) : undefined;
  if (named || file?.isVision === true) {
    const { visionFlopsOf } = await import('./flops-vision.ts');
    if (await visionFlopsOf(profile, options, file?.checkpoint)) return;
  }
  const { name, spec } =
    file === undefined ? await specOf(options) : await loadModel(options, { file: file.checkpoint });
  const plan = await planOf(options, spec.family);
  checkPlan(spec, plan);
  const flops = modelFlops(spec, plan, profile);
  const gflops = (value: number) => value / 1e9;
  const unpruned = modelFlops(spec, densePlan, profile).total;
  const result = {
    model: name,
    profile,
    gflops: gflops(flops.total),
    unprunedGflops: gflops(unpruned),
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
  printResult(options, result, human(name, spec, plan, flops, unpruned));
}

/** Read once, by code that only files need. */
async function fileOf(
  options: ModelOptions,
): Promise<{ readonly checkpoint: Checkpoint; readonly isVision: boolean }> {
  const { checkpointOf, isVisionCheckpoint } = await import('../vision-checkpoint.ts');
  const checkpoint = (await checkpointOf(options))!;
  return { checkpoint, isVision: isVisionCheckpoint(checkpoint) };
}

function human(name: string, spec: ModelSpec, plan: PruningPlan, flops: Flops, unpruned: number): string {
  return listing([
    ['model', name],
    ['parameters', parameterCount(spec).toLocaleString('en')],
    ['plan', planName(plan)],
    ['tokens', flops.tokens.join(' → ')],
    [`GFLOPs (${flops.profile} profile)`, (flops.total / 1e9).toFixed(3)],
    ...saving(plan, flops.total, unpruned),
  ]);
}
