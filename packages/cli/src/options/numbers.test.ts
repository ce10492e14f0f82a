import { afterEach, describe, expect, it, vi } from 'vitest';
import { commands } from '../commands.ts';
import { heightByWidth, largestSides, square } from './numbers.ts';

afterEach(() => vi.restoreAllMocks());

describe('sizes', () => {
  it('are written HEIGHTxWIDTH', () => {
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(heightByWidth('--grid')('14x16')).toEqual({ height: 14, width: 16 });
    expect(heightByWidth('--grid')('14')).toEqual({ height: 14, width: 14 });
    expect(largestSides('--max')('800x1333')).toEqual({ short: 800, long: 1333 });
    // A limit holds whichever way a picture lies, so its own order says nothing.
    expect(largestSides('--max')('1333x800')).toEqual({ short: 800, long: 1333 });
    expect(stderr).not.toHaveBeenCalled();
  });

  it('are read as they used to be written, with a word', () => {
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(heightByWidth('--input')('800,1344')).toEqual({ height: 800, width: 1344 });
    expect(largestSides('--max')('1333,800')).toEqual({ short: 800, long: 1333 });
    expect(stderr.mock.calls.map(([text]) => text)).toEqual([
      '--input 800,1344: sizes are written HEIGHTxWIDTH, so 800x1344\n',
      '--max 1333,800: sizes are written HEIGHTxWIDTH, so 800x1333\n',
    ]);
  });

  it('of a square are one number or twice the same', () => {
    expect([square('--size')('224x224'), square('--size')('224')]).toEqual([224, 224]);
    expect(() => square('--size')('224x192')).toThrow(
      '--size "224x192": recipes cut a square out; give 224x224',
    );
  });

  it.each(['', '0x4', '4x', '4x4x4', '-4', '4,', '4 x 4'])('refuses "%s"', (text) => {
    expect(() => heightByWidth('--grid')(text)).toThrow(`--grid "${text}": expected HEIGHTxWIDTH`);
    expect(() => largestSides('--max')(text)).toThrow(`--max "${text}": expected HEIGHTxWIDTH`);
  });

  it('have one spelling in the help of every command', async () => {
    for (const { load } of commands) {
      const command = await load();
      for (const { flags } of [command, ...command.commands].flatMap(({ options }) => options)) {
        expect(flags).not.toMatch(/<(H,W|W,H|WxH|long,short|height,width)>/i);
        if (/^--(size|image-size|grid|input|max) /.test(flags)) expect(flags).toContain('<HxW>');
      }
    }
  });
});
