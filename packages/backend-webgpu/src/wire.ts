/**
 * What Node and the page send each other. Bulk data travels over HTTP as frames: the header's length in bytes
 * (uint32, little endian, a multiple of 4), the header as JSON padded with spaces, then the numbers of all parts,
 * 4 bytes each, one part after another. Commands and their answers are small and travel as values.
 */
import type { Chunk, ChunkPrediction } from '@vssm/backend';
import { float32, type PruningPlan, sizeOf, type Weights } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import type { ErrorMessage } from './error-message.ts';

/** Which engine of the page a command is for. */
export type PageBackend = 'webgpu' | 'wasm';

/** What a tab can be asked; `offer` names a frame that the server has ready, `answer` one that it will take. */
export type Command =
  | { readonly command: 'probe'; readonly backend: PageBackend }
  | {
      readonly command: 'load';
      readonly backend: PageBackend;
      readonly model: string;
      readonly offer: string;
      readonly threads: number;
    }
  | { readonly command: 'reacquire'; readonly model: string }
  | { readonly command: 'run'; readonly model: string; readonly offer: string; readonly answer: string }
  | { readonly command: 'dispose'; readonly model: string };

/** What the commands give: details of a probe, the chunk size of a load, nothing otherwise. */
export interface Given {
  readonly details?: Readonly<Record<string, string>>;
  readonly chunkSize?: number;
}

export type Answer =
  | { readonly ok: true; readonly value: Given }
  | { readonly ok: false; readonly error: ErrorMessage };

type Numbers = Float32Array | Int32Array;

function frame(header: object, parts: readonly Numbers[]): Uint8Array[] {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / 4) * 4;
  const front = new Uint8Array(4 + padded).fill(0x20);
  new DataView(front.buffer).setUint32(0, padded, true);
  front.set(text, 4);
  return [front, ...parts.map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength))];
}

/** Byte offset of the numbers, and the header. */
function unframe<Header>(bytes: ArrayBuffer): { readonly header: Header; readonly body: number } {
  const padded = new DataView(bytes).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, padded))) as Header;
  return { header, body: 4 + padded };
}

export interface Model {
  readonly spec: ModelSpec;
  readonly plan: PruningPlan;
  readonly weights: Weights;
  /** Whether answers tell contributions; within a page alone, no frame carries it. */
  readonly contributions?: boolean;
}

interface ModelHeader {
  readonly spec: ModelSpec;
  readonly plan: PruningPlan;
  readonly weights: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** A model as the parts of one frame: header, then the float32 numbers of every tensor, uncopied. */
export function encodeModel({ spec, plan, weights }: Model): Uint8Array[] {
  const header: ModelHeader = {
    spec,
    plan,
    weights: [...weights].map(([name, { shape }]) => ({ name, shape })),
  };
  return frame(
    header,
    [...weights.values()].map(({ data }) => data),
  );
}

/** The model of a frame; weights are views of `bytes`. */
export function decodeModel(bytes: ArrayBuffer): Model {
  const { header, body } = unframe<ModelHeader>(bytes);
  const weights = new Map<string, ReturnType<typeof float32>>();
  let at = body;
  for (const { name, shape } of header.weights) {
    const count = sizeOf(shape);
    weights.set(name, float32(shape, new Float32Array(bytes, at, count)));
    at += 4 * count;
  }
  return { spec: header.spec, plan: header.plan, weights };
}

export function encodeChunk({ pixels, samples }: Chunk): Uint8Array[] {
  return frame({ samples }, [pixels]);
}

export function decodeChunk(bytes: ArrayBuffer): Chunk {
  const { header, body } = unframe<Pick<Chunk, 'samples'>>(bytes);
  return { pixels: new Float32Array(bytes, body), samples: header.samples };
}

interface PredictionHeader {
  readonly logits: number;
  /** Block of the step, and how many positions. */
  readonly kept: readonly (readonly [number, number])[];
}

export function encodePrediction({ logits, kept }: ChunkPrediction): Uint8Array[] {
  const header: PredictionHeader = {
    logits: logits.length,
    kept: [...kept].map(([after, positions]) => [after, positions.length] as const),
  };
  return frame(header, [logits, ...kept.values()]);
}

export function decodePrediction(bytes: ArrayBuffer): ChunkPrediction {
  const { header, body } = unframe<PredictionHeader>(bytes);
  let at = body;
  const take = (count: number) => {
    const begin = at;
    at += 4 * count;
    return begin;
  };
  const logits = new Float32Array(bytes, take(header.logits), header.logits);
  const kept = new Map(
    header.kept.map(([after, count]) => [after, new Int32Array(bytes, take(count), count)] as const),
  );
  return { logits, kept };
}
