/** Models that are not supported, each told by a name that only it has. */
import { quoted } from '@vssm/checkpoints';
import { UserError, type Weights } from '@vssm/core';

/** Names of tensors, and what a file with such a tensor is: `is a …`, `holds …`. */
export interface Unsupported {
  readonly names: RegExp;
  readonly what: string;
  /** Why it is refused and what to do; default: `is not supported`. */
  readonly advice?: string;
}

/** @throws UserError naming the first tensor that is in the list */
export function refuseUnsupported(tensors: Weights, unsupported: readonly Unsupported[]): void {
  for (const { names, what, advice = 'is not supported' } of unsupported) {
    for (const name of tensors.keys()) {
      if (names.test(name)) {
        throw new UserError(`${what} (it has ${quoted(name)}), which ${advice}`);
      }
    }
  }
}
