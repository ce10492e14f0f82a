/** A detector or segmenter as a folder: one ONNX file per stage, and stages.json. It appears whole or not at all. */
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type PruningPlan, UserError, type Weights } from '@vssm/core';
import { writeWholeFolder } from '@vssm/core/files';
import { decodeModel } from '@vssm/graph';
import { inputSize, type VisionSpec } from '@vssm/vision-tasks';
import { visionStages } from './vision-stages.ts';

export interface ExportedStage {
  readonly name: string;
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly inputs: readonly ExportedTensor[];
  readonly outputs: readonly ExportedTensor[];
  readonly joinedBy: string;
}

/** Sizes that are free have a name. */
export interface ExportedTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string)[];
}

export interface StagesFile {
  readonly formatVersion: 1;
  readonly model: string;
  readonly input: { readonly height: number; readonly width: number };
  readonly weights: { readonly sha256: string } | { readonly seed: number };
  readonly plan: PruningPlan;
  readonly stages: readonly ExportedStage[];
}

export interface VisionExport {
  /** With the input size. */
  readonly spec: VisionSpec;
  readonly weights: Weights;
  readonly plan: PruningPlan;
  /** For people. */
  readonly name: string;
  readonly identity: StagesFile['weights'];
}

/** @throws UserError where the folder exists already */
export async function exportVision(
  { spec, weights, plan, name, identity }: VisionExport,
  out: string,
): Promise<StagesFile> {
  const folder = resolve(out);
  if (existsSync(folder)) throw new UserError(`--out ${out}: exists already; name a new folder`);
  return writeWholeFolder(folder, (draft) => {
    const stages: ExportedStage[] = [];
    for (const [i, stage] of visionStages(spec, weights, plan).entries()) {
      const model = stage.encode();
      const file = `${String(i).padStart(3, '0')}_${stage.name}.onnx`;
      writeFileSync(join(draft, file), model);
      const sha256 = createHash('sha256').update(model).digest('hex');
      const { name: own, joinedBy } = stage;
      stages.push({ name: own, file, sha256, bytes: model.byteLength, ...tensorsOf(model), joinedBy });
    }
    const listed: StagesFile = {
      formatVersion: 1,
      model: name,
      input: inputSize(spec),
      weights: identity,
      plan,
      stages,
    };
    writeFileSync(join(draft, 'stages.json'), `${JSON.stringify(listed, null, 2)}\n`);
    return listed;
  });
}

const dtypes: Readonly<Record<number, string>> = { 1: 'float32', 7: 'int64' };

function tensorsOf(model: Uint8Array): Pick<ExportedStage, 'inputs' | 'outputs'> {
  const { graph } = decodeModel(model);
  const tensors = (values: typeof graph.input): ExportedTensor[] =>
    values.map(({ name, type: { tensor_type: tensor } }) => ({
      name,
      dtype: dtypes[tensor.elem_type] ?? String(tensor.elem_type),
      shape: tensor.shape.dim.map((size) => ('dim_value' in size ? size.dim_value : size.dim_param)),
    }));
  return { inputs: tensors(graph.input), outputs: tensors(graph.output) };
}
