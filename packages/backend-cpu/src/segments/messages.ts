/** What the pool and its worker threads say to each other. */
import type { Contributions } from '@vssm/backend';
import type { PruningPlan, Weights } from '@vssm/core';
import type { RuleSource } from '@vssm/core/rule-file';
import type { ModelSpec } from '@vssm/families';
import type { KernelChoice } from '@vssm/kernels';

/** Given to a worker when it starts. Weights lie in memory that all workers share. */
export interface WorkerSetup {
  readonly spec: ModelSpec;
  readonly plan: PruningPlan;
  readonly weights: readonly SharedWeight[];
  readonly largestChunk: number;
  readonly kernels: KernelChoice;
  /** Of a plan that is scored by a file. */
  readonly rule?: RuleSource;
  readonly contributions: boolean;
}

export interface SharedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: SharedArrayBuffer;
}

/** Copies weights once into memory that every thread can read. */
export function shareWeights(weights: Weights): SharedWeight[] {
  return [...weights].map(([name, { shape, data }]) => {
    const shared = new SharedArrayBuffer(data.byteLength);
    new Float32Array(shared).set(data);
    return { name, shape, data: shared };
  });
}

/** What a worker says of itself. */
export interface PoolGreeting {
  /** Most images of a chunk. */
  readonly chunkSize: number;
}

export interface ChunkAsk {
  readonly pixels: Float32Array<ArrayBuffer>;
  readonly samples: readonly number[];
}

export interface ChunkAnswer {
  readonly logits: Float32Array<ArrayBuffer>;
  readonly kept: readonly (readonly [number, Int32Array])[];
  readonly contributions?: Contributions;
}
