import { describe, expect, it } from 'vitest';
import { printable, printableJson, printableLines } from './printable.ts';

describe('printable', () => {
  it.each([
    ['\u001b[31mred', '\\x1b[31mred'],
    ['two\nlines\r\tand a tab', 'two\\nlines\\r\\tand a tab'],
    ['\u0000\u0007\u007f', '\\x00\\x07\\x7f'],
    ['\u009b31m', '\\x9b31m'],
    ['photo\u202egpj.exe', 'photo\\u202egpj.exe'],
    ['\u2028\u2067\ufeff', '\\u2028\\u2067\\ufeff'],
    ['\ud800 alone', '\\ud800 alone'],
  ])('escapes what a terminal would obey: %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('leaves every script, emoji and our own punctuation alone', () => {
    const text = 'café, 東京, עברית, 👩‍🚀 … “quoted” \\ C:\\photos';
    expect(printable(text)).toBe(text);
  });

  it('keeps the lines of what we laid out', () => {
    expect(printableLines('a  1\nb\t\u001b[2J')).toBe('a  1\nb\t\\x1b[2J');
  });
});

describe('printableJson', () => {
  it('means the same and holds nothing that a terminal would obey', () => {
    const value = { 'a\u009b': ['\u001b[31m\n', '\u202e', 'café'], n: 1 };
    const text = printableJson(value);
    expect(JSON.parse(text)).toEqual(value);
    expect(printableLines(text)).toBe(text);
    expect(text).toContain('café');
  });
});
