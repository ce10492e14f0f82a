/** The spec of a Vim from its checkpoint, every tensor's name and shape checked against it. */
import type { Checkpoint } from '@vssm/checkpoints';
import { checkNames, checkShapes } from '../../checkpoint/check.ts';
import { isBatchCounter } from '../../checkpoint/counter.ts';
import { refuseUnsupported } from '../../checkpoint/refuse.ts';
import type { GridOptions } from '../../family.ts';
import { checkSpec } from '../../model.ts';
import { type VimSpec, vimParameters } from '../spec.ts';
import { resolveGrid } from './grid.ts';
import { type VimShape, vimShape } from './shape.ts';
import { unsupportedVims } from './unsupported.ts';

/** A top-level module called head_… or …_head (head_dist, decode_head, auxiliary_head): `head` itself is ours. */
function isOtherHead(name: string): boolean {
  return /^(head_\w+|\w+_head)\./.test(name);
}

/** Why a tensor beside the model's own is left out; undefined for one that has no place in the file. */
export function unusedByVim(name: string): string | undefined {
  if (isOtherHead(name)) return 'a head that this run does not use';
  return isBatchCounter(name) ? 'a counter of batches' : undefined;
}

/** The names that every file of bidirectional blocks has. */
export function isBidirectional(names: readonly string[]): boolean {
  return names.some((name) => /^layers\.\d+\.mixer\./.test(name));
}

/**
 * A spec but for its family.
 *
 * @param title how messages call the family
 * @throws UserError, see loadModel
 */
export function inferBidirectional(
  title: string,
  checkpoint: Checkpoint,
  options: GridOptions,
): Omit<VimSpec, 'family'> {
  const { tensors } = checkpoint;
  refuseUnsupported(tensors, unsupportedVims);
  const shape = vimShape(tensors);
  const parameters = vimParameters(checkSpec(anySpec(shape)));
  checkNames(checkpoint, parameters, (name) => unusedByVim(name) !== undefined);
  const { patches, ...model } = shape;
  const { width, depth, stateSize } = shape;
  checkShapes(tensors, parameters, `a ${title} of width ${width}, depth ${depth}, state size ${stateSize}`);
  return { ...model, ...resolveGrid(patches, shape.patchSize, options) };
}

/** Some image with the right number of patches: the parameters are the same for all of them. */
function anySpec({ patches, ...model }: VimShape): VimSpec {
  return {
    family: 'vim',
    ...model,
    imageHeight: model.patchSize,
    imageWidth: patches - 1 + model.patchSize,
    stride: 1,
  };
}
