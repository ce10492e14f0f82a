import { describe, expect, it } from 'vitest';
import { heatColour, heatGradient, heatPixels, largestOf } from './heat.ts';

/** CIE L* of sRGB. */
function lightness([r, g, b]: readonly number[]): number {
  const linear = [r, g, b].map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return y > 216 / 24389 ? 116 * Math.cbrt(y) - 16 : (24389 / 27) * y;
}

describe('heatColour', () => {
  it('grows lighter in equal steps', () => {
    const steps = Array.from({ length: 11 }, (_, i) => lightness(heatColour(i / 10)));
    expect(steps[0]).toBeLessThan(2);
    expect(steps[10]).toBeGreaterThan(95);
    // Equal in CAM02-UCS, which L* comes near.
    for (let i = 1; i < steps.length; i++) expect(Math.abs(steps[i] - steps[i - 1] - 9.8)).toBeLessThan(4.5);
  });

  it('ends where its values end', () => {
    expect(heatColour(-1)).toEqual(heatColour(0));
    expect(heatColour(2)).toEqual(heatColour(1));
  });
});

it('a map is drawn up to its largest value, and an empty one dark', () => {
  expect(largestOf([0.1, 0.4, 0.2])).toBe(0.4);
  const pixels = heatPixels([0, 0.2, 0.4]);
  expect([...pixels]).toEqual([...heatColour(0), ...heatColour(0.5), ...heatColour(1)]);
  expect([...heatPixels([0, 0])]).toEqual([...heatColour(0), ...heatColour(0)]);
  expect(heatGradient()).toMatch(/^linear-gradient\(to right, rgb\(0 0 4\), .*rgb\(252 255 164\)\)$/);
});
