/**
 * Mamba-Reg (wangf3014/Mamba-Reg, models_mamba.py): Vim's blocks, with registers spread among the patches in place of a
 * class token, embeddings of position apart for patches and registers, and a classifier that reads all registers, each
 * narrowed by one shared projection (the neck).
 */
import { UserError } from '@vssm/core';
import { checkVimShape, patchCount, type VimSpec, vimParameters, vimSpec } from '../vim/spec.ts';

export interface MambaRegSpec extends Omit<VimSpec, 'family'> {
  readonly family: 'mambareg';
  /** R */
  readonly registers: number;
  /** r: the neck leaves d / r channels of each register; 1: no neck, and no norm after it. */
  readonly reduction: number;
}

export type MambaRegModelName = 'mambareg-tiny' | 'mambareg-small' | 'mambareg-base' | 'mambareg-large';

/** Fills in what follows from the width, and the constants, all of them Vim's. */
export function mambaRegSpec(
  shape: Parameters<typeof vimSpec>[0] & Pick<MambaRegSpec, 'registers' | 'reduction'>,
): MambaRegSpec {
  return { ...vimSpec(shape), family: 'mambareg', registers: shape.registers, reduction: shape.reduction };
}

/** The sizes of upstream's code, 224x224, patch 16, ImageNet-1K; weights of the tiny one were never published. */
export const mambaRegModels: Readonly<Record<MambaRegModelName, MambaRegSpec>> = {
  'mambareg-tiny': mambaRegSpec({ width: 192, depth: 24, registers: 12, reduction: 1 }),
  'mambareg-small': mambaRegSpec({ width: 384, depth: 24, registers: 12, reduction: 2 }),
  'mambareg-base': mambaRegSpec({ width: 768, depth: 24, registers: 12, reduction: 4 }),
  'mambareg-large': mambaRegSpec({ width: 1024, depth: 48, registers: 16, reduction: 8 }),
};

/**
 * Positions of the registers in the sequence (upstream: utils.get_cls_idx): groups of g = floor(M / (R + 1)) patches,
 * a register after each; the patches that are left follow the last one. They move with the resolution.
 */
export function registerPositions(spec: MambaRegSpec): readonly number[] {
  const group = Math.floor(patchCount(spec) / (spec.registers + 1));
  return Array.from({ length: spec.registers }, (_, register) => register * (group + 1) + group);
}

/** Every parameter with its shape, in upstream's names. */
export function mambaRegParameters(spec: MambaRegSpec): ReadonlyMap<string, readonly number[]> {
  const { width: d, registers, reduction, classes } = spec;
  const read = registers * (d / reduction);
  const shapes = new Map<string, readonly number[]>(vimParameters(spec));
  shapes.set('cls_token', [1, registers, d]);
  shapes.set('pos_embed_cls', [1, registers, d]);
  shapes.set('pos_embed', [1, patchCount(spec), d]);
  shapes.set('head.weight', [classes, read]);
  if (reduction > 1) {
    shapes.set('neck.weight', [d / reduction, d]);
    shapes.set('norm_neck.weight', [read]);
  }
  return shapes;
}

/** Throws a UserError that names what Mamba-Reg asks of its numbers. */
export function checkMambaRegShape(spec: MambaRegSpec): void {
  checkVimShape(spec);
  const { width, registers, reduction, patchSize, stride } = spec;
  if (stride !== patchSize) {
    throw new UserError(
      `stride ${stride}: a Mamba-Reg’s patches never overlap, so its stride is the patch size, ${patchSize}`,
    );
  }
  for (const [what, value] of [
    ['width', width],
    ['registers', registers],
  ] as const) {
    if (value % reduction !== 0) {
      throw new UserError(`${what} ${value}: must be a multiple of the neck’s reduction, ${reduction}`);
    }
  }
}
