/** Which images of a data set a model has right, as text in a record. */

/**
 * A bit for each image, eight in a byte from the lowest bit on, as base64.
 *
 * @param right of every image, in the data set's order
 */
export function packRight(right: readonly boolean[]): string {
  const bytes = new Uint8Array(Math.ceil(right.length / 8));
  for (const [image, own] of right.entries()) if (own) bytes[image >> 3] |= 1 << (image & 7);
  return Buffer.from(bytes).toString('base64');
}

/**
 * The inverse of packRight.
 *
 * @param images in the data set
 */
export function unpackRight(packed: string, images: number): readonly boolean[] {
  const bytes = Buffer.from(packed, 'base64');
  return Array.from({ length: images }, (_, image) => ((bytes[image >> 3] ?? 0) & (1 << (image & 7))) !== 0);
}
