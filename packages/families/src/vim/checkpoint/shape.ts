/** A Vim's hyper-parameters from the shapes of its tensors. */
import type { Weights } from '@vssm/core';
import { axisOf, countOf, decide, numbersIn } from '../../checkpoint/infer.ts';
import type { VimSpec } from '../spec.ts';

/** What shapes alone tell; image size, stride and grid are another matter. */
export interface VimShape extends Omit<VimSpec, 'family' | 'imageHeight' | 'imageWidth' | 'stride'> {
  /** M: rows of pos_embed without the class token's. */
  readonly patches: number;
}

export function vimShape(weights: Weights): VimShape {
  const axis = (names: RegExp, index: number) => axisOf(weights, names, index);
  return {
    width: decide(axis(/^layers\.\d+\.norm\.weight$/, 0), axis(/^(cls_token|pos_embed)$/, 2)),
    depth: countOf(numbersIn(weights.keys(), /^layers\.(\d{1,6})\./)) || 1,
    innerWidth: decide(axis(/^layers\.\d+\.mixer\.(A_log|A_b_log|D|D_b)$/, 0)),
    stateSize: decide(axis(/^layers\.\d+\.mixer\.(A_log|A_b_log)$/, 1)),
    dtRank: decide(axis(/^layers\.\d+\.mixer\.dt_proj(_b)?\.weight$/, 1)),
    convKernel: decide(axis(/^layers\.\d+\.mixer\.conv1d(_b)?\.weight$/, 2)),
    inChannels: decide(axis(/^patch_embed\.proj\.weight$/, 1)),
    patchSize: decide(axis(/^patch_embed\.proj\.weight$/, 2)),
    patches: Math.max(1, decide(axis(/^pos_embed$/, 1)) - 1),
    classes: decide(axis(/^head\.(weight|bias)$/, 0)),
  };
}
