/** `--spec width=64,depth=8,…`: a small model described on the command line. */
import { UserError } from '@vssm/core';

/** What of a model may be chosen; everything else follows from it or from the data. */
export interface SmallSpec {
  /** Channels of the tokens, a multiple of 4. */
  readonly width?: number;
  readonly depth?: number;
  /** States per channel, a multiple of 4. */
  readonly state?: number;
  /** Side of a patch, and the step between two, Vim's and VideoMamba's only; pixels. */
  readonly patch?: number;
  readonly stride?: number;
  /** Channels of the stem and its 3x3 convolutions, PlainMamba's only. */
  readonly stem?: number;
  readonly convs?: number;
  /** Registers, and by how much the neck narrows each, Mamba-Reg's only. */
  readonly registers?: number;
  readonly reduction?: number;
  /** Side of the input, pixels. */
  readonly size?: number;
}

const least: Readonly<Record<keyof SmallSpec, number>> = {
  width: 4,
  depth: 1,
  state: 4,
  patch: 1,
  stride: 1,
  stem: 1,
  convs: 0,
  registers: 1,
  reduction: 1,
  size: 1,
};

/** @throws UserError naming the part that is no `name=number`, or given twice */
export function smallSpec(text: string): SmallSpec {
  const spec = new Map<string, number>();
  for (const part of text.split(',')) {
    const match = /^\s*([a-z]+)=(\d{1,6})(?:x(\d{1,6}))?\s*$/.exec(part);
    const [, name = '', digits = '', across] = match ?? [];
    if (match === null || !isKey(name)) {
      throw new UserError(
        `--spec "${part}": expected some of ${Object.keys(least).join(', ')}, each with a number: width=64,depth=8`,
      );
    }
    if (across !== undefined && (name !== 'size' || across !== digits)) {
      throw new UserError(`--spec "${part}": pictures are made square; give size=64 or size=64x64`);
    }
    const value = Number(digits);
    if (value < least[name]) throw new UserError(`--spec "${part}": must be ${least[name]} or more`);
    if (spec.has(name)) throw new UserError(`--spec "${text}": ${name} is in it twice`);
    spec.set(name, value);
  }
  return Object.fromEntries(spec);
}

function isKey(name: string): name is keyof SmallSpec {
  return Object.hasOwn(least, name);
}
