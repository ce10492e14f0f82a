/**
 * What our kernels do of a model, laid out once when it is loaded: for every block the dispatches before and
 * after its projections, and which residual stream holds what. Pruning gathers y and the residual, so that the
 * output projection already runs on the kept tokens only; a block that ends in a convolution on the grid is pruned
 * after it.
 */
import { type PruningPlan, ruleFileError } from '@vssm/core';
import { type ModelSpec, sequenceLength, tokenLayout } from '@vssm/families';
import {
  compactShader,
  dotScoreShader,
  drawnScoresShader,
  gatherShader,
  rankShader,
  rowGrid,
  scoresShader,
  zeroShader,
} from '@vssm/kernels/wgsl';
import { type Buffers, leftSignal } from './buffers.ts';
import type { Dispatch, Kernels } from './dispatch.ts';
import type { Mixer } from './mixer.ts';
import type { Phase } from './phases.ts';

export interface BlockProgram {
  /** Tokens of each image that enter, and that go on to the next segment. */
  readonly length: number;
  readonly lengthAfter: number;
  /** xz → u */
  readonly before: readonly Dispatch[];
  /** delta, projected, u, xz → y; scores and pruning where a step follows. */
  readonly after: readonly Dispatch[];
  /** The output projection as a separate segment, and the convolution (and pruning) of what it writes. */
  readonly ending?: {
    readonly y: GPUBuffer;
    readonly residual: GPUBuffer;
    readonly nextResidual: GPUBuffer;
    readonly after: readonly Dispatch[];
  };
  /** What the next segment reads (no y after an `ending`), and the residual stream that it writes. */
  readonly y?: GPUBuffer;
  readonly residual: GPUBuffer;
  readonly nextResidual: GPUBuffer;
  /** Read by segments that zero what is gone, under `mask`: [rows, 1] */
  readonly live?: GPUBuffer;
}

export interface Program {
  readonly blocks: readonly BlockProgram[];
  /** What the classifier reads. */
  readonly head: {
    readonly dispatches: readonly Dispatch[];
    readonly y?: GPUBuffer;
    readonly residual: GPUBuffer;
    /** Leading axes of its inputs. */
    axes(batch: number): readonly number[];
  };
}

export function layOutProgram(
  kernels: Kernels,
  spec: ModelSpec,
  plan: PruningPlan,
  buffers: Buffers,
  phases: readonly Phase[],
  mixer: Mixer,
): Program {
  const { innerWidth: E, width: d } = spec;
  const masked = plan.alignment === 'mask';
  const blocks: BlockProgram[] = [];
  let [residual, spare] = buffers.residuals;
  let y: GPUBuffer | undefined;
  let step = 0;
  for (let block = 0; block < spec.depth; block++) {
    const phase = phases[step];
    const ends = plan.schedule[step]?.after === block + 1;
    const before = mixer.convolve(block, step);
    const after = [...mixer.scan(block, step, ends ? leftSignal(plan) : undefined)];
    if (ends) {
      after.push(
        ...scores(kernels, spec, plan, step, buffers, phase, mixer),
        ...choose(kernels, plan, buffers, phase),
      );
    }
    const kept = (from: GPUBuffer, to: GPUBuffer, width: number) =>
      gather(kernels, phase.shape, phase.kept, buffers.indices, from, to, width);
    const convolved = mixer.convolveStream(block, step, spare, residual);
    let ending: BlockProgram['ending'];
    if (convolved !== undefined) {
      const own = { y: buffers.y, residual, nextResidual: spare };
      ending = { ...own, after: [convolved, ...(ends && !masked ? [kept(residual, spare, d)] : [])] };
      if (ends && !masked) [residual, spare] = [spare, residual];
      y = undefined;
    } else {
      y = buffers.y;
      if (ends && masked && mixer.zeroesGone) {
        after.push(zero(kernels, phase, y, E), zero(kernels, phase, residual, d));
      } else if (ends && !masked) {
        after.push(kept(y, buffers.keptY, E), kept(residual, spare, d));
        y = buffers.keptY;
        [residual, spare] = [spare, residual];
      }
    }
    if (ends) {
      step++;
      after.push(...mixer.begin(step));
    }
    blocks.push({
      length: phase.length,
      lengthAfter: phases[step].length,
      before,
      after,
      ...(ending !== undefined && { ending }),
      ...(y !== undefined && { y }),
      residual,
      nextResidual: spare,
      ...(masked && !mixer.zeroesGone && { live: phases[step].live }),
    });
    if (block < spec.depth - 1) [residual, spare] = [spare, residual];
  }
  return { blocks, head: layOutHead(kernels, spec, plan, buffers, phases, mixer, { y, residual, spare }) };
}

function layOutHead(
  kernels: Kernels,
  spec: ModelSpec,
  { alignment, schedule }: PruningPlan,
  buffers: Buffers,
  phases: readonly Phase[],
  { headReads }: Mixer,
  { y, residual, spare }: { y: GPUBuffer | undefined; residual: GPUBuffer; spare: GPUBuffer },
): Program['head'] {
  const { innerWidth: E, width: d } = spec;
  if (headReads === 'protected-tokens') {
    const { pick, protectedTokens } = phases.at(-1)!;
    const { headY, headResidual } = buffers;
    const read = tokenLayout(spec).protectedTokens.length;
    const dispatches = [
      gather(kernels, pick, read, protectedTokens, y!, headY, E),
      gather(kernels, pick, read, protectedTokens, residual, headResidual, d),
    ];
    return { dispatches, y: headY, residual: headResidual, axes: (batch) => [batch * read] };
  }
  if (alignment !== 'mask' || schedule.length === 0) {
    return {
      dispatches: [],
      ...(y !== undefined && { y }),
      residual,
      axes: (batch) => [batch, phases.at(-1)!.length],
    };
  }
  // The last step's indices still stand, and its sequence is as long as all.
  const { shape, kept } = phases.at(-2)!;
  const live = (from: GPUBuffer, to: GPUBuffer, width: number) =>
    gather(kernels, shape, kept, buffers.indices, from, to, width);
  const dispatches = [live(residual, spare, d), ...(y === undefined ? [] : [live(y, buffers.keptY, E)])];
  return {
    dispatches,
    ...(y !== undefined && { y: buffers.keptY }),
    residual: spare,
    axes: (batch) => [batch, kept],
  };
}

function scores(
  kernels: Kernels,
  spec: ModelSpec,
  plan: PruningPlan,
  step: number,
  buffers: Buffers,
  phase: Phase,
  mixer: Mixer,
): Dispatch[] {
  const { innerWidth: E } = spec;
  const { shape, length, positions } = phase;
  switch (plan.signal) {
    case 'random':
      return [
        kernels.dispatch(
          drawnScoresShader(sequenceLength(spec), plan.schedule.length, step),
          [shape, buffers.drawn, positions, buffers.scores],
          (batch) => rowGrid(length, 1, batch),
        ),
      ];
    case 'evit':
      return [
        ...mixer.reference(phase),
        kernels.dispatch(
          dotScoreShader(E),
          [shape, buffers.y, buffers.reference, buffers.scores],
          (batch) => [1, length, batch],
        ),
      ];
    case 'gated':
    case 'gated-backward':
    case 'ssm': {
      const signal = leftSignal(plan) === undefined ? buffers.y : buffers.signal;
      return [
        kernels.dispatch(scoresShader(E, plan.reduce), [shape, signal, buffers.scores], (batch) => [
          1,
          length,
          batch,
        ]),
      ];
    }
    case 'file':
      throw ruleFileError(plan, 'WebGPU');
    case 'delta':
    case 'class-contribution':
    case 'content-contribution':
    case 'tome':
    case 'mtr-like':
    case 'utr':
    case 'storm':
      throw new Error(`WebGPU has no rule "${plan.signal}", and whoever asks is told before`);
    default:
      throw plan.signal satisfies never;
  }
}

function choose(
  kernels: Kernels,
  { tokenOrder }: PruningPlan,
  buffers: Buffers,
  { shape, length, positions, protectedTokens, live, next }: Phase,
): Dispatch[] {
  return [
    kernels.dispatch(rankShader(), [shape, buffers.scores, live, protectedTokens, next.live], (batch) =>
      rowGrid(length, 1, batch),
    ),
    kernels.dispatch(
      compactShader(tokenOrder),
      [shape, next.live, protectedTokens, positions, buffers.indices, next.positions, next.protectedTokens],
      (batch) => [1, 1, batch],
    ),
  ];
}

function gather(
  kernels: Kernels,
  shape: GPUBuffer,
  kept: number,
  indices: GPUBuffer,
  from: GPUBuffer,
  to: GPUBuffer,
  width: number,
): Dispatch {
  return kernels.dispatch(gatherShader(width), [shape, from, indices, to], (batch) =>
    rowGrid(width, kept, batch),
  );
}

/** Under `mask`: the rows of pruned tokens become zero. */
function zero(kernels: Kernels, { shape, length, next }: Phase, rows: GPUBuffer, width: number): Dispatch {
  return kernels.dispatch(zeroShader(width), [shape, next.live, rows], (batch) =>
    rowGrid(width, length, batch),
  );
}
