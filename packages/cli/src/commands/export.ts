/** `vssm export`: a model and a plan as one ONNX file that carries where it came from. */
import { createHash } from 'node:crypto';
import { formatSchedule, oneOf } from '@vssm/core';
import { scanForms, wholeModel, wholeNames } from '@vssm/graph';
import { Command } from 'commander';
import { addModelOptions, loadModel, type ModelOptions } from '../options/model.ts';
import { addPlanOptions, type PlanOptions, planOf } from '../options/plan.ts';
import { listing, type OutputOptions, printResult } from '../output.ts';
import { writeFileAtomically } from '../write-file.ts';

type Options = ModelOptions & PlanOptions & OutputOptions & { readonly out: string; readonly scan: string };

export function exportCommand(): Command {
  const command = new Command('export').description('write a model with its pruning as one ONNX file');
  return addPlanOptions(addModelOptions(command))
    .option(
      '--scan <form>',
      `${scanForms[0]} (an ONNX Runtime operator) or ${scanForms[1]} (standard ONNX)`,
      scanForms[0],
    )
    .option('--out <file>', 'file to write', 'model.onnx')
    .option('--json', 'print one JSON document on stdout')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const scan = oneOf('--scan', options.scan, scanForms);
  const { spec, weights, name, checkpoint } = await loadModel(options);
  const plan = planOf(options, spec.family);
  const model = wholeModel(spec, weights, plan, {
    scan,
    metadata: {
      'vssm.source': checkpoint === undefined ? name : 'checkpoint',
      ...(checkpoint !== undefined && { 'vssm.source_sha256': checkpoint.sha256 }),
    },
  });
  await writeFileAtomically(options.out, model);
  const result = {
    out: options.out,
    bytes: model.byteLength,
    sha256: createHash('sha256').update(model).digest('hex'),
    scan,
    input: { name: wholeNames.input, shape: ['batch', spec.inChannels, spec.imageHeight, spec.imageWidth] },
    outputs: [wholeNames.logits, ...plan.schedule.map(({ after }) => wholeNames.kept(after))],
    spec,
    plan,
    source: checkpoint?.sha256 ?? null,
  };
  printResult(
    options,
    result,
    listing([
      ['wrote', `${options.out} (${(model.byteLength / 1e6).toFixed(1)} MB)`],
      ['source', name],
      ['plan', plan.schedule.length === 0 ? 'dense' : `${formatSchedule(plan.schedule)}, ${plan.alignment}`],
      ['outputs', result.outputs.join(', ')],
    ]),
  );
}
