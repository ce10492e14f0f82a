/** Parsers of option values; each throws a UserError that names the option and the value. */
import { UserError } from '@vssm/core';
import { note } from '../output.ts';

/** A whole number of at least `least`. */
export function whole(option: string, least = 0): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new UserError(`${option} "${text}": must be a whole number, ${least} or more`);
    }
    return value;
  };
}

/** A part of a whole: 0 to 1. */
export function fraction(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d*\.?\d+$/.test(text) || value > 1) {
      throw new UserError(`${option} "${text}": must be a number from 0 to 1, for instance 0.4`);
    }
    return value;
  };
}

/** `14x16` or `14` (square): height, then width; as it used to be written, `14,16`, with a word. */
export function heightByWidth(option: string): (text: string) => { height: number; width: number } {
  return (text) => {
    const match = /^([1-9]\d{0,5})(?:(x|,)([1-9]\d{0,5}))?$/.exec(text);
    if (match === null) throw new UserError(`${option} "${text}": expected HEIGHTxWIDTH, for instance 14x16`);
    const [, height, between, width = height] = match;
    if (between === ',') note(`${option} ${text}: sizes are written HEIGHTxWIDTH, so ${height}x${width}`);
    return { height: Number(height), width: Number(width) };
  };
}

/** `224x224`, or `224`: the side of a square, pixels. */
export function square(option: string): (text: string) => number {
  const size = heightByWidth(option);
  return (text) => {
    const { height, width } = size(text);
    if (height !== width) {
      throw new UserError(`${option} "${text}": recipes cut a square out; give ${height}x${height}`);
    }
    return height;
  };
}

/** `800x1333`: the most that the shorter and the longer side may have, pixels, whichever way a picture lies. */
export function largestSides(option: string): (text: string) => { long: number; short: number } {
  return (text) => {
    const match = /^([1-9]\d{0,8})(x|,)([1-9]\d{0,8})$/.exec(text);
    if (match === null) {
      throw new UserError(`${option} "${text}": expected HEIGHTxWIDTH, for instance 800x1333`);
    }
    const sides = [Number(match[1]), Number(match[3])];
    const [short, long] = [Math.min(...sides), Math.max(...sides)];
    if (match[2] === ',') note(`${option} ${text}: sizes are written HEIGHTxWIDTH, so ${short}x${long}`);
    return { long, short };
  };
}
