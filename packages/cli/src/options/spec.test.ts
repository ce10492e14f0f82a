import { describe, expect, it } from 'vitest';
import { smallSpec } from './spec.ts';

describe('smallSpec', () => {
  it('reads what is given and nothing else', () => {
    expect(smallSpec('width=64,depth=8')).toEqual({ width: 64, depth: 8 });
    expect(smallSpec('state=8, patch=4,stride=2,size=32x32')).toEqual({
      state: 8,
      patch: 4,
      stride: 2,
      size: 32,
    });
  });

  it.each([
    ['width', 'expected some of width, depth, state, patch, stride, stem, convs, registers, reduction, size'],
    ['breadth=4', '--spec "breadth=4": expected some of'],
    ['width=2', '--spec "width=2": must be 4 or more'],
    ['width=8,width=16', 'width is in it twice'],
    ['size=64x32', 'pictures are made square'],
    ['width=8x8', 'pictures are made square'],
    ['toString=3', 'expected some of'],
    ['', 'expected some of'],
  ])('refuses "%s"', (text, message) => {
    expect(() => smallSpec(text)).toThrow(message);
  });
});
