/**
 * Globals that no checkpoint has a reason to import. Nothing here would ever call them, but a file that asks for
 * one was made to attack whoever loads it with Python, and is refused by that name.
 */

import { UserError } from '@vssm/core';
import { quoted } from '../tensor-names.ts';
import { dangerousAttributes, dangerousGlobals } from './dangerous-globals.ts';

export class DeniedName extends UserError {
  constructor(module: string, name: string) {
    const global = quoted(`${module}.${name}`);
    super(`asks for ${global}, which no checkpoint needs; the file is refused, and nothing in it was run`);
  }
}

/** @param name of one of the module's attributes; dots lead on to attributes of that: `Outer.Inner` */
export function isDenied(module: string, name: string): boolean {
  const attributes = name.split('.');
  if (attributes.some((attribute) => dangerousAttributes.has(attribute))) return true;
  if (dangerousGlobals.get(module)?.has(attributes[0]) === true) return true;
  // An attribute may itself be a module: `torch` + `os.system`, `torch` + `utils.cpp_extension.load`.
  for (let from = 0; from < attributes.length; from++) {
    for (let to = from + 1; to < attributes.length; to++) {
      const walked = attributes.slice(from, to).join('.');
      const within = from === 0 ? `${module}.${walked}` : walked;
      for (const reached of [walked, within]) {
        if (dangerousGlobals.get(reached)?.has(attributes[to]) === true) return true;
      }
    }
  }
  return false;
}
