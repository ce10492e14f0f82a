/** Errors on their way from the page to Node: as plain data, named ones with their names. */
import { DeviceError, type DeviceErrorKind } from '@vssm/backend';
import { UserError } from '@vssm/core';

/** An error on its way from the page to Node. */
export type ErrorMessage =
  | { readonly kind: DeviceErrorKind; readonly reason: string; readonly fix: string }
  | { readonly kind: 'user' | 'other'; readonly message: string };

/** An error as plain data. What is neither a DeviceError nor a UserError keeps its stack as its text. */
export function errorMessage(error: unknown): ErrorMessage {
  if (error instanceof DeviceError) {
    const { kind, reason, fix } = error;
    return { kind, reason, fix };
  }
  if (error instanceof UserError) return { kind: 'user', message: error.message };
  if (error instanceof Error) return { kind: 'other', message: error.stack ?? error.message };
  return { kind: 'other', message: String(error) };
}

/** The error again, of the class that it had. */
export function errorFrom(message: ErrorMessage): Error {
  switch (message.kind) {
    case 'user':
      return new UserError(message.message);
    case 'other':
      return new Error(message.message);
    default:
      return new DeviceError(message.kind, message.reason, { fix: message.fix });
  }
}
