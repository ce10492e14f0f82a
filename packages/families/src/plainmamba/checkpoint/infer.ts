/** The spec of a PlainMamba from its checkpoint, every tensor's name and shape checked against it. */
import type { Checkpoint } from '@vssm/checkpoints';
import { UserError } from '@vssm/core';
import { checkNames, checkShapes } from '../../checkpoint/check.ts';
import { isBatchCounter } from '../../checkpoint/counter.ts';
import { refuseUnsupported } from '../../checkpoint/refuse.ts';
import type { GridOptions } from '../../family.ts';
import { checkSpec, modelTensors } from '../../model.ts';
import type { PlainMambaSpec } from '../spec.ts';
import { resolvePlainMambaGrid } from './grid.ts';
import { type PlainMambaShape, plainMambaShape } from './shape.ts';
import { unsupportedPlainMambas } from './unsupported.ts';

/** True where names are those of upstream's backbone inside a classifier, a detector or a segmenter. */
export function isPlainMamba(names: Iterable<string>): boolean {
  return [...names].some((name) =>
    /^backbone\.(layers\.\d+\.mamba|patch_embed\.(stem|convs|projection))\./.test(name),
  );
}

/** @throws UserError, see loadModel */
export function inferPlainMamba(checkpoint: Checkpoint, options: GridOptions): PlainMambaSpec {
  const { tensors } = checkpoint;
  refuseUnsupported(tensors, unsupportedPlainMambas);
  refuseRmsNorm(checkpoint);
  const shape = plainMambaShape(tensors);
  const expected = modelTensors({ ...checkSpec(anySpec(shape)), positionColumns: shape.cells });
  checkNames(checkpoint, expected, isBatchCounter);
  const { cells, ...model } = shape;
  const { width, depth, stateSize } = shape;
  checkShapes(tensors, expected, `a PlainMamba of width ${width}, depth ${depth}, state size ${stateSize}`);
  return checkSpec({
    family: 'plainmamba',
    ...model,
    ...resolvePlainMambaGrid(cells, shape.patchSize, options),
  });
}

/** An RMSNorm has no bias, so it shows by what no layer has. */
function refuseRmsNorm({ tensors }: Checkpoint): void {
  const has = (pattern: RegExp) => [...tensors.keys()].some((name) => pattern.test(name));
  if (has(/^backbone\.layers\.\d+\.norm\.weight$/) && !has(/^backbone\.layers\.\d+\.norm\.bias$/)) {
    throw new UserError(
      'is a PlainMamba with RMSNorm instead of LayerNorm (its norms have no bias), which is not supported',
    );
  }
}

/** Some image and some grid: pos_embed's is the only tensor that knows of either. */
function anySpec({ cells: _, ...model }: PlainMambaShape): PlainMambaSpec {
  return {
    family: 'plainmamba',
    ...model,
    imageHeight: 1,
    imageWidth: 1,
    positionRows: 1,
    positionColumns: 1,
  };
}
