import { describe, expect, it } from 'vitest';
import { classColours, colours } from '../../palette.ts';
import { ClassColours } from './class-colours.ts';

/** WCAG 2's contrast of two colours. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string) => {
    const [r, g, blue] = [1, 3, 5].map((at) => {
      const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
      return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue;
  };
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

describe('colours of classes', () => {
  it('are readable on the page and under its colour, light and dark, and all different', () => {
    for (const theme of [0, 1] as const) {
      const shown = classColours.map((name) => colours[name][theme]);
      expect(new Set(shown).size).toBe(classColours.length);
      for (const hex of shown) expect(contrast(hex, colours.page[theme])).toBeGreaterThan(4.5);
    }
    for (const name of classColours) expect(colours[name][0]).not.toBe(colours[name][1]);
  });

  it('go to the first classes; the others share one', () => {
    const many = new ClassColours([7, 3, 7, ...Array.from({ length: 20 }, (_, i) => 100 + i)]);
    expect(many.own).toHaveLength(10);
    expect(many.of(7)).toBe('var(--class1)');
    expect(many.of(3)).toBe('var(--class2)');
    expect(many.of(119)).toBe(many.shared);
    expect(many.of(5)).toBe('var(--other)');
  });
});
