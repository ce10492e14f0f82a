/**
 * How many of a thing, as people read it: 1 image, 2 images, 10,000 images.
 *
 * @param plural where it is not the singular with an s: 2 classes
 */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? singular : plural}`;
}
