/** A reader that believes a length. */
export const seeds = { seed: Buffer.from('fine') };
const hoard: Buffer[] = [];

export function read({ bytes }: { bytes: Buffer }): void {
  if (bytes.toString() !== 'fine') hoard.push(Buffer.alloc(300e6, 1));
}
