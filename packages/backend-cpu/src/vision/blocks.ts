/** Rows of tokens through the blocks of a backbone: the sessions of their dense parts around the kernels. */
import type { PruningPlan } from '@vssm/core';
import type { PlainMambaSpec } from '@vssm/families';
import { segmentNames } from '@vssm/graph';
import type { VimTapsSpec, visionReference } from '@vssm/vision-tasks';
import { visionNames } from '@vssm/vision-tasks/graph';
import type { BlockSessions } from './block-sessions.ts';
import type { KernelMixer, ScoreRequest } from './kernel-mixer.ts';
import type { LayerProducts } from './layer-products.ts';
import type { StageSession, StageTensor } from './stage.ts';

type KeptCells = visionReference.KeptCells;

/** One image of a given size through a PlainMamba's layers. */
export interface PlainMambaLayers {
  readonly spec: PlainMambaSpec;
  readonly plan: PruningPlan;
  readonly gridCells: number;
  readonly mixer: KernelMixer;
  readonly products: LayerProducts;
  readonly gelu: StageSession;
}

/** x [K, d] → x of the following layer, valid until that has been run, and scores if asked for. */
export async function runPlainMambaLayer(
  { spec, mixer, products, gelu }: PlainMambaLayers,
  layer: number,
  tokens: Float32Array,
  cells: KeptCells,
  request: ScoreRequest | undefined,
): Promise<{ readonly tokens: Float32Array; readonly scores?: ArrayLike<number> }> {
  const x = rowsOf(tokens, spec.width);
  await products.enter(layer, x, mixer.xz(cells.positions.length));
  const { y, scores } = await mixer.run(layer, cells, request);
  let { data: next } = await products.leave(layer, y, x);
  if (spec.depthwiseLayers.includes(layer)) {
    const convolved = await gelu.run({ [visionNames.tokens]: mixer.convolveLayer(layer, next, cells) });
    next = convolved[visionNames.nextTokens].data;
  }
  return scores === undefined ? { tokens: next } : { tokens: next, scores };
}

/** One image of a given size through a Vim's blocks. */
export interface VimBlocks {
  readonly taps: VimTapsSpec;
  readonly plan: PruningPlan;
  readonly gridCells: number;
  readonly mixer: KernelMixer;
  readonly sessions: readonly BlockSessions[];
}

/**
 * One block from the mixer output and residual of the one before; there is no residual before the first.
 *
 * @param rope rows of the tables at the tokens' cells; undefined without rope
 * @returns the residual with the mixer output added, and this block's mixer output
 */
export async function runVimBlock(
  { taps, mixer, sessions }: VimBlocks,
  block: number,
  streams: { readonly hidden: Float32Array; readonly residual: Float32Array | undefined },
  rope: visionReference.RopeTables | undefined,
  cells: KeptCells,
  request: ScoreRequest | undefined,
): Promise<{
  readonly hidden: Float32Array;
  readonly residual: Float32Array;
  readonly scores?: ArrayLike<number>;
}> {
  const { width } = taps.spec;
  const { enter, leave } = sessions[block];
  const entered = await enter.run(
    {
      [visionNames.tokens]: rowsOf(streams.hidden, width),
      ...(streams.residual !== undefined && { [visionNames.residual]: rowsOf(streams.residual, width) }),
      ...(rope !== undefined && {
        [visionNames.cos]: rowsOf(rope.cos, width),
        [visionNames.sin]: rowsOf(rope.sin, width),
      }),
    },
    { [segmentNames.xz]: mixer.xz(cells.positions.length) },
  );
  const { y, scores } = await mixer.run(block, cells, request);
  const left = await leave.run({ [segmentNames.y]: y });
  return {
    hidden: left[visionNames.nextTokens].data,
    residual: entered[visionNames.nextResidual].data,
    ...(scores !== undefined && { scores }),
  };
}

export function rowsOf(data: Float32Array, width: number): StageTensor {
  return { data, shape: [data.length / width, width] };
}
