/**
 * What a detector or segmenter answered for one image, as far as is needed to draw it: the picture, what was found on
 * it, and the cells of the backbone's grid that were still there after each pruning step. Boxes and windows are in
 * pixels of the image as it is stored; masks and label maps are sampled at the picture's own pixels.
 */
import { z } from 'zod';
import { count, line, whole } from './fields.ts';
import { runsProblem } from './runs.ts';

/** What a record holds at most. */
export const drawnLimits = {
  images: 4,
  /** Longer side of the picture, pixels. */
  side: 512,
  /** Detections of one image. */
  detections: 20,
  /** Windows that an image is looked at through. */
  windows: 64,
} as const;

const runs = z.array(whole).max(2 * drawnLimits.side ** 2);
const namedClass = z.strictObject({ index: whole, name: line() });
const size = { height: count.max(1 << 20), width: count.max(1 << 20) };

const detection = z.strictObject({
  class: namedClass,
  score: z.number().min(0).max(1),
  /** Left, top, right, bottom. */
  box: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  /** Runs of 0 and 1; null for a model without masks. */
  mask: runs.nullable(),
});

const prediction = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('detections'),
    /** How many there are; those kept are the best. */
    found: whole,
    /** By falling score. */
    best: z.array(detection).max(drawnLimits.detections),
  }),
  z.strictObject({
    kind: z.literal('labels'),
    /** Those that some pixel has, by rising index. */
    classes: z.array(namedClass).min(1).max(2000),
    /** Runs of places in `classes`. */
    labels: runs,
  }),
]);

/** What the network looked at in one go, and what was left of its grid. */
const window = z.strictObject({
  left: z.number().min(0),
  top: z.number().min(0),
  /** Padding included, so it may reach beyond the image. */
  width: z.number().positive(),
  height: z.number().positive(),
  /** Cells per column and per row. */
  grid: z.strictObject({ height: count.max(1024), width: count.max(1024) }),
  /** After each pruning step: raster indices of the cells that still have a token, rising. */
  kept: z.array(z.strictObject({ after: count, cells: z.array(whole).max(1 << 20) })).max(512),
});

export const drawnImageSchema = z
  .strictObject({
    id: line(1000),
    ...size,
    picture: z.strictObject({
      height: count.max(drawnLimits.side),
      width: count.max(drawnLimits.side),
      /** 8-bit RGB, rows from the top; base64. */
      pixels: z.base64().max(4 * drawnLimits.side ** 2),
    }),
    prediction,
    windows: z.array(window).min(1).max(drawnLimits.windows),
  })
  .superRefine((image, context) => {
    const wrong = drawnProblem(image);
    if (wrong !== null) context.addIssue({ code: 'custom', message: wrong });
  });

/** What of an image contradicts itself, or null. */
function drawnProblem({
  height,
  width,
  picture,
  prediction: answered,
  windows,
}: {
  height: number;
  width: number;
  picture: { height: number; width: number; pixels: string };
  prediction: z.infer<typeof prediction>;
  windows: z.infer<typeof window>[];
}): string | null {
  const pixels = picture.height * picture.width;
  if (Buffer.byteLength(picture.pixels, 'base64') !== 3 * pixels) {
    return 'pixels do not hold 3 * width * height bytes';
  }
  for (const { grid, kept } of windows) {
    for (const { cells } of kept) {
      const rising = cells.every((cell, at) => at === 0 || cell > cells[at - 1]);
      if (!rising || (cells.at(-1) ?? 0) >= grid.height * grid.width) {
        return 'cells must rise and lie on the grid';
      }
    }
  }
  if (answered.kind === 'labels') return runsProblem(answered.labels, pixels, answered.classes.length);
  const { found, best } = answered;
  if (best.length > found) return 'more detections are kept than there are';
  for (const [at, { score, box, mask }] of best.entries()) {
    if (at > 0 && score > best[at - 1].score) return 'detections must come by falling score';
    const [left, top, right, bottom] = box;
    // A box is clipped to the network's input and brought back to the image in floating point.
    const inside = left >= -1 && top >= -1 && right <= width + 1 && bottom <= height + 1;
    if (!inside || right < left || bottom < top) return 'a box lies outside its image';
    const wrong = mask === null ? null : runsProblem(mask, pixels, 2);
    if (wrong !== null) return wrong;
  }
  return null;
}

export type DrawnImage = z.infer<typeof drawnImageSchema>;
