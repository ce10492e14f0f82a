/**
 * VideoMamba's files: those of OpenGVLab/VideoMamba, with the weights under `model`. The tiny, small and base models
 * have Vim's names and shapes, so the file's name, or whoever loads it, tells them apart.
 */
import type { Weights } from '@vssm/core';
import type { FamilyCheckpoint } from '../family.ts';
import { inferBidirectional, isBidirectional, unusedByVim } from '../vim/checkpoint/infer.ts';
import { vimShape } from '../vim/checkpoint/shape.ts';
import { type VideoMambaSpec, videoMambaModels } from './spec.ts';

/** Left by the training that distils a larger model from a smaller one; no logit depends on it. */
const distillationHead = /^distill_head\./;

export const videoMambaCheckpoint: FamilyCheckpoint<VideoMambaSpec> = {
  recognises(tensors) {
    if (!isBidirectional(tensors)) return 'no';
    return isUnmistakable(tensors) ? 'only' : 'maybe';
  },
  fileNames: /^videomamba_/,
  infer: (checkpoint, options) => ({
    family: 'videomamba',
    ...inferBidirectional('VideoMamba', checkpoint, options, unused),
  }),
  unused,
};

function unused(name: string): string | undefined {
  return distillationHead.test(name)
    ? 'a head for distillation, which no logit depends on'
    : unusedByVim(name);
}

/** A head or an embedding that only VideoMamba's training adds, or the one published size that is nobody else's. */
function isUnmistakable(tensors: Weights): boolean {
  const names = [...tensors.keys()];
  if (names.some((name) => distillationHead.test(name) || name === 'temporal_pos_embedding')) return true;
  const { width, depth } = vimShape(tensors);
  const middle = videoMambaModels['videomamba-middle'];
  return width === middle.width && depth === middle.depth;
}
