/**
 * The one error class for everything a user can cause and fix: bad input, bad options, bad files.
 * Its message names the thing, the value and the fix. Anything else that is thrown is a bug of ours.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** Lists the valid choices in an error: `--signal "foo": expected one of gated, ssm`. */
export function oneOf<T extends string>(what: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new UserError(`${what} "${value}": expected one of ${choices.join(', ')}`);
  return found;
}
