/**
 * What can go wrong between a model and a device, each with its own name, so that callers can tell a missing
 * adapter from a lost device without reading messages.
 */
import { UserError } from '@vssm/core';

const deviceErrorKinds = [
  /** No browser was found, or the one given does not start. */
  'no-browser',
  /** The library that drives the device is not there, or cannot be loaded. */
  'no-provider',
  /** The browser, or the machine, offers no device. */
  'no-adapter',
  /** The adapter's limits are below what the kernels or this model need. */
  'adapter-too-small',
  /** The device went away: driver reset, GPU unplugged, destroyed. */
  'device-lost',
  'out-of-memory',
  /** The tab or the browser was closed, or crashed. */
  'page-closed',
] as const;
export type DeviceErrorKind = (typeof deviceErrorKinds)[number];

/** What to do about an error that does not say so itself. */
const usualFixes: Readonly<Record<DeviceErrorKind, string>> = {
  'no-browser':
    'install one (Debian, Ubuntu: apt install chromium; macOS: brew install --cask chromium; Windows: Edge will do), or give its path with --browser',
  'no-provider': 'vssm doctor says how to get it',
  'no-adapter': 'update the browser and the graphics driver and look at chrome://gpu, or use --backend wasm',
  'adapter-too-small': 'use another GPU, or --backend wasm',
  'device-lost': 'try again; if it happens every time, update the graphics driver',
  'out-of-memory': 'use smaller batches, or close other programs that use the GPU',
  'page-closed': 'load the model again',
};

/** Its message is the reason and the fix. */
export class DeviceError extends UserError {
  readonly kind: DeviceErrorKind;
  readonly reason: string;
  readonly fix: string;

  constructor(
    kind: DeviceErrorKind,
    reason: string,
    { fix = usualFixes[kind], ...options }: ErrorOptions & { readonly fix?: string } = {},
  ) {
    super(`${reason}; ${fix}`, options);
    this.kind = kind;
    this.reason = reason;
    this.fix = fix;
  }
}
