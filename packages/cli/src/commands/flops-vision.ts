/** What one image costs in a detector or a segmenter: the part of `vssm flops` that needs their code. */
import { type FlopsProfile, formatSchedule, planName } from '@vssm/core';
import { densePlan } from '@vssm/families';
import {
  isVisionModelName,
  visionFlops,
  visionModels,
  visionParameterCount,
  withInputSize,
} from '@vssm/vision-tasks';
import type { ModelOptions } from '../options/model.ts';
import { type PlanOptions, planOf } from '../options/plan.ts';
import { listing, type OutputOptions, printResult } from '../output.ts';
import { saving } from '../saving.ts';

/** Prints the cost by part, at the upstream input size or the one given; false where no such model has this name. */
export async function visionFlopsOf(
  name: string,
  profile: FlopsProfile,
  options: Pick<ModelOptions, 'imageSize'> & PlanOptions & OutputOptions,
): Promise<boolean> {
  if (!isVisionModelName(name)) return false;
  const { imageSize } = options;
  const published = visionModels[name];
  const spec =
    imageSize === undefined ? published : withInputSize(published, imageSize.height, imageSize.width);
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
