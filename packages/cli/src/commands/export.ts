/**
 * The work of `vssm export`: a classifier and a plan as one ONNX file that carries where it came from, a detector or segmenter as
 * a folder of stages.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Checkpoint } from '@vssm/checkpoints';
import { counted, oneOf, planName, refuseRuleFile, UserError, type Weights } from '@vssm/core';
import { writeWhole } from '@vssm/core/files';
import type { Size } from '@vssm/families/checkpoint';
import { wholeModel, wholeModelWithData, wholeNames } from '@vssm/families/graph';
import { type ModelWithData, mostBytesInside, precisions, scanForms } from '@vssm/graph';
import { inputSize, isVisionModelName, withInputSize } from '@vssm/vision-tasks';
import { exportVision } from '../export-vision.ts';
import { loadModel, type ModelOptions } from '../options/model.ts';
import { type PlanOptions, planOf } from '../options/plan.ts';
import { listing, type OutputOptions, printResult } from '../output.ts';
import { checkpointOf, isVisionCheckpoint } from '../vision-checkpoint.ts';
import { loadVision } from '../vision-run.ts';

export type ExportOptions = ModelOptions &
  PlanOptions &
  OutputOptions & {
    readonly out?: string;
    readonly scan: string;
    readonly precision: string;
    readonly externalData?: boolean;
    readonly input?: Size;
  };

export async function exportModel(options: ExportOptions): Promise<void> {
  const file = await checkpointOf(options);
  if (isDense(options, file)) return runVision(options, file);
  if (options.input !== undefined) {
    throw new UserError(
      `--input ${options.input.height}x${options.input.width}: goes with detectors and segmenters; a classifier takes --image-size`,
    );
  }
  const out = options.out ?? 'model.onnx';
  const scan = oneOf('--scan', options.scan, scanForms);
  const precision = oneOf('--precision', options.precision, precisions);
  const { spec, weights, name, checkpoint } = await loadModel(options, file === undefined ? {} : { file });
  const plan = await planOf(options, spec.family);
  refuseRuleFile(plan, 'an exported model');
  const form = {
    ...{ scan, precision },
    metadata: {
      'vssm.source': checkpoint === undefined ? name : 'checkpoint',
      ...(checkpoint !== undefined && {
        'vssm.source_sha256': checkpoint.sha256,
        'vssm.family_from': checkpoint.familyFrom,
      }),
    },
  };
  const apart = options.externalData === true || bytesOf(weights) > mostBytesInside;
  const { model, data }: ModelWithData = apart
    ? wholeModelWithData(spec, weights, plan, `${basename(out)}.data`, form)
    : { model: wholeModel(spec, weights, plan, form), data: [] };
  // The weights first: a model that is there can be loaded.
  if (apart) {
    writeWhole(`${out}.data`, (write) => {
      for (const piece of data) write(piece);
    });
  }
  writeWhole(out, model);
  const dataBytes = data.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const result = {
    out,
    ...(apart && { externalData: { file: `${out}.data`, bytes: dataBytes } }),
    bytes: model.byteLength,
    sha256: createHash('sha256').update(model).digest('hex'),
    ...{ scan, precision },
    input: { name: wholeNames.input, shape: ['batch', spec.inChannels, spec.imageHeight, spec.imageWidth] },
    outputs: [wholeNames.logits, ...plan.schedule.map(({ after }) => wholeNames.kept(after))],
    spec,
    plan,
    source: checkpoint?.sha256 ?? null,
    familyFrom: checkpoint?.familyFrom ?? null,
  };
  printResult(
    options,
    result,
    listing([
      ['wrote', `${out} (${(model.byteLength / 1e6).toFixed(1)} MB)`],
      ...(apart ? [['weights', `${out}.data (${(dataBytes / 1e6).toFixed(1)} MB)`] as const] : []),
      ['source', name],
      ['plan', planName(plan)],
      ...(precision === 'f32' ? [] : [['precision', `${precision} into and out of the mixers`] as const]),
      ['outputs', result.outputs.join(', ')],
    ]),
  );
}

function bytesOf(weights: Weights): number {
  return [...weights.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
}

function isDense({ model }: ExportOptions, file: Checkpoint | undefined): boolean {
  if (model !== undefined) return isVisionModelName(model);
  return file !== undefined && isVisionCheckpoint(file);
}

async function runVision(options: ExportOptions, file: Checkpoint | undefined): Promise<void> {
  if (options.out === undefined) throw new UserError('no folder: give --out FOLDER for the stages');
  if (oneOf('--precision', options.precision, precisions) !== 'f32') {
    throw new UserError(
      `--precision ${options.precision}: goes with classifiers; a detector or segmenter is float32; leave it out`,
    );
  }
  if (options.imageSize !== undefined || options.stride !== undefined || options.grid !== undefined) {
    throw new UserError(
      '--image-size, --stride, --grid: go with classifiers; a detector or segmenter takes --input HxW',
    );
  }
  const loaded = await loadVision(options, file);
  const { name, weights, identity } = loaded;
  const { height, width } = options.input === undefined ? inputSize(loaded.spec) : options.input;
  const spec = withInputSize(loaded.spec, height, width);
  const plan = await planOf(options, spec.backbone.spec.family);
  refuseRuleFile(plan, 'an exported model');
  const listed = await exportVision({ spec, weights, plan, name, identity }, options.out);
  const bytes = listed.stages.reduce((sum, stage) => sum + stage.bytes, 0);
  printResult(
    options,
    { out: options.out, bytes, ...listed },
    listing([
      [
        'wrote',
        `${options.out}: ${counted(listed.stages.length, 'stage')} (${(bytes / 1e6).toFixed(1)} MB), stages.json`,
      ],
      ['source', name],
      ['plan', planName(plan)],
      ['input', `${height}x${width}`],
    ]),
  );
}
