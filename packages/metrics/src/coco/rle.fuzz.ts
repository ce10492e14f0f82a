/** Fuzz target: masks in all three of COCO's forms, as JSON of a segmentation and its image's size. */
import { UserError } from '@vssm/core';
import { rleArea, rleBox, rleFromMask, rleToString } from './rle.ts';
import { maskOf, type Segmentation } from './segmentation.ts';

const mask = rleFromMask(
  Array.from({ length: 20 * 30 }, (_, at) => (at % 7 < 3 ? 1 : 0)),
  20,
  30,
);
const sized = (segmentation: unknown) => Buffer.from(JSON.stringify({ height: 20, width: 30, segmentation }));

export const seeds = {
  string: sized({ size: [20, 30], counts: rleToString(mask) }),
  counts: sized({ size: [20, 30], counts: [...mask.counts] }),
  polygon: sized([[1.5, 2, 12.25, 3, 18, 17.5, 4, 15]]),
};

export const words = ['o', 'P', '0', '\\u007f', ',1e7', ',-5', '[', ']', '600', ',0,0'];

export function read({ bytes }: { bytes: Buffer }): void {
  const given = parsed(bytes);
  const runs = maskOf(given.segmentation, given.height, given.width, 'mask');
  rleArea(runs);
  rleBox(runs);
}

/** What is no JSON, or of another shape, is refused before masks are read. */
function parsed(bytes: Buffer): { height: number; width: number; segmentation: Segmentation } {
  let value: { height?: unknown; width?: unknown; segmentation?: unknown };
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new UserError('not JSON');
  }
  const { height, width, segmentation } = value ?? {};
  if (typeof height !== 'number' || typeof width !== 'number' || !isSegmentation(segmentation)) {
    throw new UserError('not a mask');
  }
  return { height, width, segmentation };
}

function isSegmentation(value: unknown): value is Segmentation {
  if (Array.isArray(value)) return value.every((corners) => Array.isArray(corners));
  if (typeof value !== 'object' || value === null) return false;
  const { size, counts } = value as { size?: unknown; counts?: unknown };
  return Array.isArray(size) && (Array.isArray(counts) || typeof counts === 'string');
}
