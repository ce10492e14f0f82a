/**
 * The report's colours, light and dark, as CSS variables. Charts name them as `var(--x)`, so that one picture
 * serves both; a method has the same colour everywhere.
 */

export const colours = {
  page: ['#fdfcf9', '#16181b'],
  panel: ['#f5f3ed', '#1e2125'],
  ink: ['#1c1f24', '#e8e6e1'],
  muted: ['#5b616c', '#a0a6b0'],
  rule: ['#e2dfd6', '#33373d'],
  strong: ['#b9b5a9', '#555a62'],
  dense: ['#30353f', '#d3d7de'],
  top: ['#0a6c74', '#4ec3c7'],
  evit: ['#c0531a', '#f09a62'],
  random: ['#8a6fae', '#bda6e0'],
  released: ['#a0761d', '#d9b25f'],
  other: ['#9aa1ac', '#737b87'],
  /** Of what is no method: further parts and series beside `series1`. */
  accent1: ['#c0531a', '#f09a62'],
  accent2: ['#a0761d', '#d9b25f'],
  accent3: ['#8a6fae', '#bda6e0'],
  series1: ['#0a6c74', '#62cfd3'],
  series2: ['#4f9ea3', '#3b9196'],
  series3: ['#9cc9cb', '#2a646a'],
  series4: ['#cfe3e3', '#21474c'],
  gone: ['#4f8387', '#2b4648'],
  warn: ['#97370a', '#ffb38a'],
  warnpanel: ['#fdefe4', '#3a2418'],
  good: ['#1d6b45', '#6fd0a0'],
  class1: ['#b3261e', '#ff9a8f'],
  class2: ['#0b5fa5', '#8cc4ff'],
  class3: ['#1d7a3a', '#7fd99a'],
  class4: ['#8540b5', '#dcaaf7'],
  class5: ['#9a5b00', '#ffbd66'],
  class6: ['#006d77', '#6fd6dd'],
  class7: ['#b0307a', '#ff9fd0'],
  class8: ['#5f6b00', '#cbd96a'],
  class9: ['#3f45b8', '#b3b6ff'],
  class10: ['#7a4a32', '#d8ae94'],
} as const satisfies Record<string, readonly [light: string, dark: string]>;

export type Colour = keyof typeof colours;

/** Of classes in pictures: as text they can be read on the page's colour, and the page's colour on them. */
export const classColours = [
  'class1',
  'class2',
  'class3',
  'class4',
  'class5',
  'class6',
  'class7',
  'class8',
  'class9',
  'class10',
] as const satisfies readonly Colour[];

/** The CSS variable of a colour. */
export function colour(name: Colour): string {
  return `var(--${name})`;
}

/** The variables for `:root`, with the dark ones behind a media query. */
export function paletteCss(): string {
  const block = (index: 0 | 1) =>
    Object.entries(colours)
      .map(([name, pair]) => `--${name}:${pair[index]}`)
      .join(';');
  return `:root{color-scheme:light dark;${block(0)}}@media (prefers-color-scheme:dark){:root{${block(1)}}}`;
}

/** A text with every `var(--x)` replaced by its light colour, for readers that know no CSS variables. */
export function lightOnly(text: string): string {
  return text.replace(/var\(--([a-z0-9]+)\)/g, (whole, name: string) =>
    Object.hasOwn(colours, name) ? colours[name as Colour][0] : whole,
  );
}
