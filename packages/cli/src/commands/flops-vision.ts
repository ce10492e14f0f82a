/** What one image costs in a detector or a segmenter: the part of `vssm flops` that needs their code. */
import type { Checkpoint } from '@vssm/checkpoints';
import { type FlopsProfile, formatSchedule, planName } from '@vssm/core';
import { densePlan } from '@vssm/families';
import {
  isVisionModelName,
  type VisionSpec,
  visionFlops,
  visionModels,
  visionParameterCount,
  withInputSize,
} from '@vssm/vision-tasks';
import type { ModelOptions } from '../options/model.ts';
import { type PlanOptions, planOf } from '../options/plan.ts';
import { listing, type OutputOptions, printResult } from '../output.ts';
import { saving } from '../saving.ts';
import { loadVision } from '../vision-run.ts';

type VisionFlopsOptions = Pick<ModelOptions, 'model' | 'checkpoint' | 'key' | 'imageSize'> &
  PlanOptions &
  OutputOptions;

/**
 * Prints the cost by part, at the model's own input size or the one given; false where no such model has the name.
 *
 * @param file the options' checkpoint, where they name one
 */
export async function visionFlopsOf(
  profile: FlopsProfile,
  options: VisionFlopsOptions,
  file: Checkpoint | undefined,
): Promise<boolean> {
  const found = await specOf(options, file);
  if (found === undefined) return false;
  const { imageSize } = options;
  const { name } = found;
  const spec =
    imageSize === undefined ? found.spec : withInputSize(found.spec, imageSize.height, imageSize.width);
  const { imageHeight: height, imageWidth: width, family } = spec.backbone.spec;
  const plan = await planOf(options, family);
  const { total, parts, tokens } = visionFlops(spec, plan, profile);
  const unpruned = visionFlops(spec, densePlan, profile).total;
  const params = visionParameterCount(spec);
  const gflops = Object.fromEntries([...parts].map(([part, value]) => [part, value / 1e9]));
  const schedule = formatSchedule(plan.schedule);
  const { alignment } = plan;
  const result = {
    ...{
      model: name,
      input: { height, width },
      profile,
      gflops: total / 1e9,
      unprunedGflops: unpruned / 1e9,
    },
    ...{ params, tokens, schedule, alignment, parts: gflops },
  };
  const text = listing([
    ['model', name],
    ['input', `${height}x${width}`],
    ['parameters', params.toLocaleString('en')],
    ['plan', planName(plan)],
    ['tokens', tokens.join(' → ')],
    [`GFLOPs (${profile} profile)`, (total / 1e9).toFixed(3)],
    ...saving(plan, total, unpruned),
    ...Object.entries(gflops).map(([part, value]): [string, string] => [`  ${part}`, value.toFixed(3)]),
  ]);
  printResult(options, result, text);
  return true;
}

async function specOf(
  options: VisionFlopsOptions,
  file: Checkpoint | undefined,
): Promise<{ readonly name: string; readonly spec: VisionSpec } | undefined> {
  const { model } = options;
  if (file !== undefined) return loadVision(options, file);
  return model !== undefined && isVisionModelName(model)
    ? { name: model, spec: visionModels[model] }
    : undefined;
}
