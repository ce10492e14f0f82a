/**
 * Text of unknown origin (file names, lines of label files, names in annotation files) made safe to print: whatever
 * a terminal or a page would obey rather than show is written as an escape.
 */

/**
 * C0, DEL and C1 controls, line and paragraph separators, marks and overrides of the writing direction, byte order
 * marks, and halves of surrogate pairs.
 */
const obeyed = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Cs}/gu;

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** On one line: `\n`, `\x1b`, `\u202e` stand for what they name. Anything else, whatever its script, stays as it is. */
export function printable(text: string): string {
  return text.replace(obeyed, escaped);
}

/** As `printable`, but line breaks and tabs stay: for text that we laid out over several lines. */
export function printableLines(text: string): string {
  return text.replace(obeyed, (character) => (/[\n\t]/.test(character) ? character : escaped(character)));
}

/** JSON that means the same and holds no character that a terminal would obey; laid out over several lines. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(obeyed, (character) =>
    character === '\n' ? character : `\\u${hexadecimal(character, 4)}`,
  );
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return (
    named[character] ?? (code < 256 ? `\\x${hexadecimal(character, 2)}` : `\\u${hexadecimal(character, 4)}`)
  );
}

function hexadecimal(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}
