/** A reader that never ends on anything but its seed. */
export const seeds = { seed: Buffer.from('fine') };

export function read({ bytes }: { bytes: Buffer }): void {
  while (bytes.toString() !== 'fine') {}
}
