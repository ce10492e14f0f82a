/** Parsers of option values; each throws a UserError that names the option and the value. */
import { UserError } from '@vssm/core';

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

/** `14x16` or `14` (square): height, then width. */
export function heightByWidth(option: string): (text: string) => { height: number; width: number } {
  return (text) => {
    const match = /^([1-9]\d{0,5})(?:x([1-9]\d{0,5}))?$/.exec(text);
    if (match === null) throw new UserError(`${option} "${text}": expected HEIGHTxWIDTH, for instance 14x14`);
    return { height: Number(match[1]), width: Number(match[2] ?? match[1]) };
  };
}

/** `1333,800`: how long the longer and the shorter side may become, pixels. */
export function longAndShort(option: string): (text: string) => { long: number; short: number } {
  return (text) => {
    const match = /^(\d{1,9}),(\d{1,9})$/.exec(text);
    if (match === null) {
      throw new UserError(`${option} "${text}": expected LONG,SHORT, for instance 1333,800`);
    }
    return { long: Number(match[1]), short: Number(match[2]) };
  };
}
