/**
 * Mamba-Reg's files: those of wangf3014/Mamba-Reg, with the weights under `model`. They are known by the registers' own
 * embedding of position; how many registers there are, and how far the neck narrows them, is in the shapes.
 */
import type { Checkpoint } from '@vssm/checkpoints';
import type { Weights } from '@vssm/core';
import { axisOf, decide } from '../checkpoint/infer.ts';
import { refuseUnsupported } from '../checkpoint/refuse.ts';
import type { FamilyCheckpoint, GridOptions } from '../family.ts';
import { checkSpec } from '../model.ts';
import { checkedShape, unusedByVim } from '../vim/checkpoint/infer.ts';
import { type VimShape, vimShape } from '../vim/checkpoint/shape.ts';
import { unsupportedVims } from '../vim/checkpoint/unsupported.ts';
import { type MambaRegSpec, mambaRegParameters } from './spec.ts';

export const mambaRegCheckpoint: FamilyCheckpoint<MambaRegSpec> = {
  recognises: (tensors) => (tensors.has('pos_embed_cls') ? 'only' : 'no'),
  fileNames: null,
  infer,
  unused: unusedByVim,
};

function infer(checkpoint: Checkpoint, options: GridOptions): MambaRegSpec {
  const { tensors } = checkpoint;
  refuseUnsupported(tensors, unsupportedVims);
  const own = { family: 'mambareg', ...registersOf(tensors) } as const;
  const shape: VimShape = { ...vimShape(tensors), patches: decide(axisOf(tensors, /^pos_embed$/, 1)) };
  const { patches, ...model } = shape;
  const row = (side: number) =>
    ({
      ...model,
      ...own,
      patchSize: side,
      stride: side,
      imageHeight: side,
      imageWidth: side * patches,
    }) as const;
  // Patches of one pixel: so the bounds of what is supported are those of the model, not of such a long image.
  checkSpec<MambaRegSpec>(row(1));
  const parameters = mambaRegParameters(row(shape.patchSize));
  // Without overlap, unless somebody says so and is refused.
  const grid = { stride: shape.patchSize, ...options };
  return { ...checkedShape('Mamba-Reg', checkpoint, grid, shape, parameters), ...own };
}

function registersOf(tensors: Weights): Pick<MambaRegSpec, 'registers' | 'reduction'> {
  const registers = decide(axisOf(tensors, /^(cls_token|pos_embed_cls)$/, 1));
  const neck = tensors.get('neck.weight');
  if (neck === undefined || neck.shape.length !== 2) return { registers, reduction: 1 };
  const [narrow, width] = neck.shape;
  return { registers, reduction: Math.max(1, Math.round(width / narrow)) };
}
