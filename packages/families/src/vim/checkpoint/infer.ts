/** The spec of a Vim from its checkpoint, every tensor's name and shape checked against it. */
import type { Checkpoint } from '@vssm/checkpoints';
import type { Weights } from '@vssm/core';
import { checkNames, checkShapes } from '../../checkpoint/check.ts';
import { isBatchCounter } from '../../checkpoint/counter.ts';
import { refuseUnsupported } from '../../checkpoint/refuse.ts';
import type { GridOptions, Shapes } from '../../family.ts';
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
export function isBidirectional(tensors: Weights): boolean {
  return [...tensors.keys()].some((name) => /^layers\.\d+\.mixer\./.test(name));
}

/**
 * A spec but for its family, of one whose parameters are Vim's.
 *
 * @param title how messages call the family
 * @throws UserError, see loadModel
 */
export function inferBidirectional(
  title: string,
  checkpoint: Checkpoint,
  options: GridOptions,
  unused = unusedByVim,
): Omit<VimSpec, 'family'> {
  refuseUnsupported(checkpoint.tensors, unsupportedVims);
  const shape = vimShape(checkpoint.tensors);
  return checkedShape(title, checkpoint, options, shape, vimParameters(checkSpec(anySpec(shape))), unused);
}

/**
 * The shape with image and stride, the file's tensors held against the parameters that follow from it.
 *
 * @throws UserError for tensors that are missing, extra or of another shape, and where the patches' grid is not told
 */
export function checkedShape(
  title: string,
  checkpoint: Checkpoint,
  options: GridOptions,
  { patches, ...model }: VimShape,
  parameters: Shapes,
  unused: (name: string) => string | undefined = unusedByVim,
): Omit<VimSpec, 'family'> {
  const { width, depth, stateSize, patchSize } = model;
  checkNames(checkpoint, parameters, (name) => unused(name) !== undefined);
  const what = `a ${title} of width ${width}, depth ${depth}, state size ${stateSize}`;
  checkShapes(checkpoint.tensors, parameters, what);
  return { ...model, ...resolveGrid(patches, patchSize, options) };
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
