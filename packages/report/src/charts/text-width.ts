/**
 * Widths of text where there is no canvas to measure it. Vega's own guess, 0.8 em per character, leaves charts
 * with wide empty margins; these are rounded up from common sans-serif faces (Segoe UI, Roboto, Noto Sans).
 */
import * as vega from 'vega';

const classes: readonly (readonly [RegExp, number])[] = [
  [/[iljI.,:;'|!]/, 0.29],
  [/[tfr()[\] /-]/, 0.37],
  [/[mwMW@%\u2192\u00d7+=]/, 0.86],
  [/[A-Z]/, 0.67],
];
const ordinary = 0.585;

/** @returns width in em */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    width += classes.find(([pattern]) => pattern.test(character))?.[1] ?? ordinary;
  }
  return width;
}

interface TextItem {
  readonly fontSize?: number;
}

/** Vega lets its measure be replaced but does not say so in its types. */
export function measureTextWithoutCanvas(): void {
  const { textMetrics } = vega as unknown as {
    textMetrics: { width: (item: TextItem, text: unknown) => number };
  };
  textMetrics.width = ({ fontSize }, text) => textWidth(String(text ?? '')) * (fontSize ?? 11);
}
