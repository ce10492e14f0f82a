/** A reader that ends the process. */
export const seeds = { seed: Buffer.from('fine') };

export function read({ bytes }: { bytes: Buffer }): void {
  if (bytes.toString() !== 'fine') process.exit(7);
}
