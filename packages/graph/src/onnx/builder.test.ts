import { float32 } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { Parameters } from '../common/parameters.ts';
import { GraphBuilder } from './builder.ts';
import { decodeModel } from './schema.ts';

describe('a graph', () => {
  it('stores equal constants once, and scalars apart from vectors', () => {
    const g = new GraphBuilder('g');
    expect(g.ints([3])).toBe(g.ints([3]));
    expect(g.ints(3)).not.toBe(g.ints([3]));
    expect(g.scalar(0.5)).toBe(g.scalar(0.5));
    expect(decodeModel(g.model()).graph.initializer).toHaveLength(3);
  });

  it('holds a linear layer’s weight as MatMul wants it, and a causal convolution’s taps either way round', () => {
    const g = new GraphBuilder('g');
    const weights = new Map([
      ['linear', float32([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6))],
      ['conv', float32([2, 1, 3], Float32Array.of(1, 2, 3, 4, 5, 6))],
    ]);
    const parameters = new Parameters(g, weights);
    parameters.linear('linear', 10);
    parameters.taps('conv', true);
    const { initializer } = decodeModel(g.model()).graph;
    const values = initializer.map(({ raw_data }) => [...new Float32Array(new Uint8Array(raw_data!).buffer)]);
    expect(values).toEqual([
      [10, 40, 20, 50, 30, 60],
      [3, 2, 1, 6, 5, 4],
    ]);
  });
});
