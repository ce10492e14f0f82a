/**
 * The sequence between two pruning steps: how long it is, and where on the device its tokens' positions and its
 * protected tokens are written down. Everything but the values is known when the model is loaded.
 */
import { builtInRules, keptCount, type PruningPlan } from '@vssm/core';
import { countRule, type ModelSpec, sequenceLength, tokenLayout } from '@vssm/families';
import { encodeShape, type SequenceShape } from '@vssm/kernels/wgsl';
import { filledBuffer, storageBuffer } from './buffers.ts';

export interface Phase {
  /** Tokens L of every image; the full length throughout under `mask`. */
  readonly length: number;
  /** Tokens that the step at its end leaves alive; L where no step follows. */
  readonly kept: number;
  /** Uniform: the `SequenceShape`. */
  readonly shape: GPUBuffer;
  /** Uniform for picking the protected tokens' rows: L and P. */
  readonly pick: GPUBuffer;
  /** [B, L] */
  readonly positions: GPUBuffer;
  /** Positions as the convolution's taps and the scan's gaps see them; 0, 1, 2 … where they see none. */
  readonly tapPositions: GPUBuffer;
  readonly gapPositions: GPUBuffer;
  /** [B, P], indices into the sequence */
  readonly protectedTokens: GPUBuffer;
  /** [B, L] float32: 1 where a token lives; under `mask` the others stay. */
  readonly live: GPUBuffer;
  /** What the step at the end writes: positions of the kept tokens [B, K], protected ones [B, P], survivors [B, L]. */
  readonly next: {
    readonly positions: GPUBuffer;
    readonly protectedTokens: GPUBuffer;
    readonly live: GPUBuffer;
  };
}

export interface Phases {
  /** One more than the plan has steps. */
  readonly phases: readonly Phase[];
  readonly buffers: readonly GPUBuffer[];
}

export function createPhases(device: GPUDevice, spec: ModelSpec, plan: PruningPlan, batch: number): Phases {
  const fullLength = sequenceLength(spec);
  // Where a rule does not reduce a signal, the order does not apply.
  const order = plan.signal !== 'file' && builtInRules[plan.signal].reduced ? plan.order : 'aligned';
  const exempt = tokenLayout(spec).protectedTokens;
  const buffers: GPUBuffer[] = [];
  const own = (buffer: GPUBuffer) => {
    buffers.push(buffer);
    return buffer;
  };
  const uniform = (shape: SequenceShape) => {
    const encoded = encodeShape({ ...shape, protectedTokens: exempt.length, order });
    return own(filledBuffer(device, 'shape', encoded, GPUBufferUsage.UNIFORM));
  };
  const words = (label: string, count: number) => own(storageBuffer(device, label, 4 * count));

  const inOrder = Int32Array.from({ length: batch * fullLength }, (_, i) => i % fullLength);
  const unpruned = own(filledBuffer(device, 'positions', inOrder));
  const everyone = own(filledBuffer(device, 'live', new Float32Array(batch * fullLength).fill(1)));
  const unmoved = Uint32Array.from({ length: batch * exempt.length }, (_, i) => exempt[i % exempt.length]);

  const phases: Phase[] = [];
  let length = fullLength;
  let alive = fullLength;
  let positions = unpruned;
  let protectedTokens = own(filledBuffer(device, 'protected tokens', unmoved));
  let live = everyone;
  for (let step = 0; step <= plan.schedule.length; step++) {
    const keep = plan.schedule[step]?.keep ?? 1;
    const kept = keptCount(alive, keep, countRule(spec, plan));
    const taps = length < fullLength && plan.conv === 'positional';
    const gaps = length < fullLength && plan.alignment === 'decay';
    const next = {
      positions: words(`positions after step ${step}`, batch * kept),
      protectedTokens: words(`protected tokens after step ${step}`, batch * exempt.length),
      live: words(`live after step ${step}`, batch * length),
    };
    phases.push({
      length,
      kept,
      shape: uniform({ length, kept, tapStride: taps ? length : 0, gapStride: gaps ? length : 0 }),
      pick: uniform({ length, kept: exempt.length, tapStride: 0, gapStride: 0 }),
      positions,
      tapPositions: taps ? positions : unpruned,
      gapPositions: gaps ? positions : unpruned,
      protectedTokens,
      live,
      next,
    });
    alive = kept;
    if (plan.alignment === 'mask') live = next.live;
    else {
      length = kept;
      positions = next.positions;
      protectedTokens = next.protectedTokens;
    }
  }
  return { phases, buffers };
}
