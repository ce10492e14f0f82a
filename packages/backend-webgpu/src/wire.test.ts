import { describe, expect, it } from 'vitest';
import { madeUpImages, request } from './test-support/made-up.ts';
import {
  decodeChunk,
  decodeModel,
  decodePrediction,
  encodeChunk,
  encodeModel,
  encodePrediction,
} from './wire.ts';

/** What arrives at the other end: all pieces in one buffer. */
function sent(frame: readonly Uint8Array[]): ArrayBuffer {
  return Uint8Array.from(frame.flatMap((piece) => [...piece])).buffer;
}

describe('a frame', () => {
  it('carries a model, names that are not ASCII included', () => {
    const weights = new Map([...request.weights].map(([name, tensor]) => [`${name} Δ`, tensor]));
    const { spec, plan } = request;
    expect(decodeModel(sent(encodeModel({ spec, plan, weights })))).toEqual({ spec, plan, weights });
  });

  it('carries a chunk that is part of a larger array', () => {
    const { pixels } = madeUpImages(3);
    const own = pixels.subarray(256, 512);
    const chunk = decodeChunk(sent(encodeChunk({ pixels: own, samples: [7] })));
    expect(chunk).toEqual({ pixels: own, samples: [7] });
  });

  it('carries a prediction, values that JSON has no words for included', () => {
    const logits = Float32Array.of(1.5, Number.NaN, Number.NEGATIVE_INFINITY);
    const kept = new Map([
      [2, Int32Array.of(0, 5, 9)],
      [4, Int32Array.of(-1)],
    ]);
    expect(decodePrediction(sent(encodePrediction({ logits, kept })))).toEqual({ logits, kept });
  });
});
