/**
 * VideoMamba's image models (OpenGVLab/VideoMamba, videomamba/image_sm/models/videomamba.py): Vim's blocks and
 * parameters, name by name, with the class token first and the two directions added, not averaged. Nothing in the tensors
 * tells them from Vim's, except where a published size is nobody else's.
 */
import { type VimSpec, vimSpec } from '../vim/spec.ts';

export interface VideoMambaSpec extends Omit<VimSpec, 'family'> {
  readonly family: 'videomamba';
}

export type VideoMambaModelName =
  | 'videomamba-tiny'
  | 'videomamba-small'
  | 'videomamba-middle'
  | 'videomamba-base';

/** Fills in what follows from the width, and the constants, all of them Vim's. */
export function videoMambaSpec(shape: Parameters<typeof vimSpec>[0]): VideoMambaSpec {
  return { ...vimSpec(shape), family: 'videomamba' };
}

/** The published image models, 224x224, patch 16, ImageNet-1K. */
export const videoMambaModels: Readonly<Record<VideoMambaModelName, VideoMambaSpec>> = {
  'videomamba-tiny': videoMambaSpec({ width: 192, depth: 24 }),
  'videomamba-small': videoMambaSpec({ width: 384, depth: 24 }),
  'videomamba-middle': videoMambaSpec({ width: 576, depth: 32 }),
  'videomamba-base': videoMambaSpec({ width: 768, depth: 24 }),
};
