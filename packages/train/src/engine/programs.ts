/** The sessions of the traces that one model and plan need, each opened once and shared by the blocks of its length. */
import { MemorySession } from '@vssm/backend-cpu';
import type { TrainableSpec } from '@vssm/families';
import type { WasmMemory } from '@vssm/kernels';
import { gradientOf } from '../autodiff/gradient.ts';
import { onnxModel } from '../autodiff/onnx.ts';
import type { Trace } from '../autodiff/trace.ts';
import { directions, embedTrace, headTrace, nextTrace, projectionTrace, type Selection } from './segments.ts';

export interface Programs {
  readonly embed: MemorySession;
  readonly embedGradient: MemorySession;
  /** By block. */
  readonly projections: readonly MemorySession[];
  readonly projectionsGradient: readonly MemorySession[];
  /** By block, but the last. */
  readonly next: readonly MemorySession[];
  readonly nextGradient: readonly MemorySession[];
  /** Loss, logits and gradient in one. */
  readonly head: MemorySession;
  release(): Promise<void>;
}

/** What follows each block: its rows, and what is selected of them. */
export interface BlockRows {
  readonly rows: number;
  readonly selection: Selection;
}

/** @param lossScale of the sum over the micro-batch */
export async function openPrograms(
  spec: TrainableSpec,
  batch: number,
  blocks: readonly BlockRows[],
  lossScale: number,
  memory: WasmMemory,
): Promise<Programs> {
  const open = new Map<string, MemorySession>();
  const session = async (key: string, trace: () => Trace): Promise<MemorySession> => {
    let one = open.get(key);
    if (one === undefined) {
      one = await MemorySession.open(onnxModel(trace()), memory);
      open.set(key, one);
    }
    return one;
  };
  const release = async () => {
    for (const one of open.values()) await one.release();
  };
  try {
    const embed = await session('embed', () => embedTrace(spec, batch));
    const embedGradient = await session('embedGradient', () => embedGradientTrace(spec, batch));
    const projections: MemorySession[] = [];
    const projectionsGradient: MemorySession[] = [];
    const next: MemorySession[] = [];
    const nextGradient: MemorySession[] = [];
    for (const [block, { rows, selection }] of blocks.entries()) {
      projections.push(await session(`projections ${rows}`, () => projectionTrace(spec, rows, false)));
      projectionsGradient.push(
        await session(`projectionsGradient ${rows}`, () => projectionsGradientTrace(spec, rows)),
      );
      if (block === blocks.length - 1) break;
      const key = `${rows} ${JSON.stringify(selection)}`;
      next.push(await session(`next ${key}`, () => nextTrace(spec, rows, selection)));
      nextGradient.push(await session(`nextGradient ${key}`, () => nextGradientTrace(spec, rows, selection)));
    }
    const last = blocks[blocks.length - 1].rows;
    const head = await session('head', () => headGradientTrace(spec, last, batch, lossScale));
    return { embed, embedGradient, projections, projectionsGradient, next, nextGradient, head, release };
  } catch (error) {
    await release();
    throw error;
  }
}

function embedGradientTrace(spec: TrainableSpec, batch: number): Trace {
  return gradientOf(embedTrace(spec, batch), {
    from: ['next_residual', 'xz'],
    to: ['patch_weight', 'patch_bias', 'cls_token', 'pos_embed', 'norm', 'in_proj'],
    saved: ['next_residual'],
  });
}

function projectionsGradientTrace(spec: TrainableSpec, rows: number): Trace {
  return gradientOf(projectionTrace(spec, rows, true), {
    from: directions.flatMap((one) => [`projected_${one}`, `delta_${one}`, `passed_${one}`]),
    to: directions.flatMap((one) => [`u_${one}`, `x_proj_${one}`, `dt_proj_${one}`]),
    saved: directions.map((one) => `projected_${one}`),
  });
}

function nextGradientTrace(spec: TrainableSpec, rows: number, selection: Selection): Trace {
  return gradientOf(nextTrace(spec, rows, selection), {
    from: ['next_residual', 'xz'],
    to: ['y', 'residual', 'out_proj', 'norm', 'in_proj'],
    saved: ['next_residual'],
  });
}

function headGradientTrace(spec: TrainableSpec, rows: number, batch: number, scale: number): Trace {
  return gradientOf(headTrace(spec, rows, batch, scale), {
    from: ['loss'],
    to: ['y', 'residual', 'out_proj', 'norm_f', 'head_weight', 'head_bias'],
    forward: ['loss', 'logits'],
  });
}
