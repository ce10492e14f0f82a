/** For the tests: the same suite over both implementations of the kernels. */
import { describe } from 'vitest';
import { probeNative } from '../kernels.ts';
import type { KernelImplementation } from '../native/choice.ts';

const probe = await probeNative();

/** Runs `body` for each implementation; where there are no native kernels, their suite is skipped with the reason. */
export function describeImplementations(
  name: string,
  body: (implementation: KernelImplementation) => void,
): void {
  describe(`${name}, wasm`, () => body('wasm'));
  if (probe.available) describe(`${name}, native`, () => body('native'));
  else describe.skip(`${name}, native: ${probe.reason}`, () => body('native'));
}
