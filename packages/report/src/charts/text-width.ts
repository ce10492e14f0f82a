/**
 * Widths of text where there is no canvas to measure it. They are those of DejaVu Sans, the widest of the faces that a
 * chart may be shown in: a label then never runs out of its picture, and a narrower face leaves a little room.
 */
import * as vega from 'vega';

/** Characters by their advance, thousandths of an em. */
const advances: readonly (readonly [advance: number, characters: string])[] = [
  [275, "'"],
  [278, 'ijl'],
  [295, 'IJ'],
  [318, ' \u00a0,.·’'],
  [337, '/:;\\|'],
  [352, 'f'],
  [361, '-'],
  [392, '()[]t'],
  [411, '!⁹r'],
  [460, '"'],
  [500, '*_`–'],
  [525, 'sz“”'],
  [550, 'c?'],
  [579, 'LkF'],
  [603, 'vxyPTY'],
  [615, 'oae'],
  [636, 'EhnuSbdgpq$0123456789{}µ'],
  [686, 'KXZBAVΔ'],
  [698, 'RC'],
  [752, 'UNH'],
  [787, 'DGOQ&'],
  [838, 'w#+<=>^~×→−±✓'],
  [863, 'M'],
  [950, '%'],
  [974, 'm'],
  [1000, 'W@…'],
];
const advanceOf = new Map(
  advances.flatMap(([advance, characters]) => [...characters].map((character) => [character, advance])),
);
/** Of letters that are not in the table: as wide as most capitals. */
const unknown = 787;

/** Bold letters are wider by this. */
export const boldness = 1.1;

/** @returns width in em */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += advanceOf.get(character) ?? unknown;
  return width / 1000;
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
