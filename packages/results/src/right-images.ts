/** Which images of a data set a model has right, a bit for each in the data set's order: base64, lowest bit first. */

export function packRight(right: readonly boolean[]): string {
  const bytes = new Uint8Array(Math.ceil(right.length / 8));
  for (const [image, own] of right.entries()) if (own) bytes[image >> 3] |= 1 << (image & 7);
  return Buffer.from(bytes).toString('base64');
}

/** @param images in the data set */
export function unpackRight(packed: string, images: number): readonly boolean[] {
  const bytes = Buffer.from(packed, 'base64');
  return Array.from({ length: images }, (_, image) => ((bytes[image >> 3] ?? 0) & (1 << (image & 7))) !== 0);
}
