/** What is kept of an image's answer so that a report can draw it; the fields are those of a record's `drawn`. */
import type { PruningPlan } from '@vssm/core';
import {
  type PreparedImage,
  type RgbImage,
  resizeBicubic,
  type Size,
  type VisionDataset,
} from '@vssm/datasets';
import { tokenGrid } from '@vssm/families';
import { rleFromString, rleToMask } from '@vssm/metrics';
import { type DrawnImage, drawnLimits, encodeRuns } from '@vssm/results';
import { type VisionSpec, type Window, windowsOf, withInputSize } from '@vssm/vision-tasks';
import type { AnsweredImage, KeptStep, VisionAnswer } from './messages.ts';

/** Longer side of the picture, pixels: three of them stand side by side. */
const pictureSide = 384;

/** Where the pixels of the network's input lie in the image. */
type Placed = Omit<PreparedImage, 'pixels'>;

export interface DrawnRequest {
  readonly spec: VisionSpec;
  readonly plan: PruningPlan;
  readonly dataset: VisionDataset<unknown>;
  readonly index: number;
  readonly placed: Placed;
}

export async function drawnImage(
  { spec, plan, dataset, index, placed }: DrawnRequest,
  { answer, kept }: AnsweredImage,
): Promise<DrawnImage> {
  const { original } = placed;
  const picture = smaller(await dataset.original(index));
  return {
    id: dataset.samples[index].id,
    height: original.height,
    width: original.width,
    picture: {
      height: picture.height,
      width: picture.width,
      pixels: Buffer.from(picture.data).toString('base64'),
    },
    prediction: predictionOf(answer, dataset.classes, original, picture),
    windows: windowsKept(spec, plan, placed, kept),
  };
}

function smaller(image: RgbImage): RgbImage {
  const factor = Math.min(1, pictureSide / Math.max(image.width, image.height));
  const [width, height] = [image.width, image.height].map((side) => Math.max(1, Math.round(factor * side)));
  return resizeBicubic(image, width, height);
}

function predictionOf(
  answer: VisionAnswer,
  classes: readonly string[],
  original: Size,
  picture: Size,
): DrawnImage['prediction'] {
  const named = (index: number) => ({ index, name: classes[index] });
  const runsOf = (values: ArrayLike<number>) => encodeRuns(sampled(values, original, picture));
  if (answer.kind === 'labels') {
    const labels = sampled(answer.labels, original, picture);
    const present = [...new Set(labels)].sort((a, b) => a - b);
    const place = new Map(present.map((label, at) => [label, at]));
    return {
      kind: 'labels',
      classes: present.map(named),
      labels: encodeRuns(labels.map((label) => place.get(label)!)),
    };
  }
  const { boxes, scores, labels, masks } = answer;
  const best = Array.from(scores.subarray(0, drawnLimits.detections), (score, i) => {
    const [left, top, right, bottom] = boxes.subarray(4 * i, 4 * i + 4);
    return {
      class: named(labels[i]),
      score,
      box: [left, top, right, bottom] satisfies [number, number, number, number],
      mask: masks === null ? null : runsOf(maskPixels(masks[i], original)),
    };
  });
  return { kind: 'detections', found: scores.length, best };
}

function maskPixels(runs: string, { height, width }: Size): Uint8Array {
  return rleToMask(rleFromString(runs, height, width, 'mask'));
}

/** The value at the middle of every pixel of the picture. */
export function sampled(values: ArrayLike<number>, from: Size, to: Size): Uint16Array {
  const nearest = (place: number, length: number, of: number) => Math.floor(((place + 0.5) * of) / length);
  const result = new Uint16Array(to.height * to.width);
  for (let row = 0, at = 0; row < to.height; row++) {
    const start = nearest(row, to.height, from.height) * from.width;
    for (let column = 0; column < to.width; column++, at++) {
      result[at] = values[start + nearest(column, to.width, from.width)];
    }
  }
  return result;
}

/** The steps come window by window, in visiting order. */
export function windowsKept(
  spec: VisionSpec,
  { schedule }: PruningPlan,
  { height, width, scaleFactor: [across, down] }: Placed,
  kept: readonly KeptStep[],
): DrawnImage['windows'] {
  const all: Window = { top: 0, left: 0, bottom: height, right: width };
  const windows = spec.kind === 'upernet' ? windowsOf(spec.test, { height, width }) : [all];
  return windows.slice(0, drawnLimits.windows).map(({ top, left, bottom, right }, at) => ({
    left: left / across,
    top: top / down,
    width: (right - left) / across,
    height: (bottom - top) / down,
    grid: { ...tokenGrid(withInputSize(spec, bottom - top, right - left).backbone.spec) },
    kept: kept
      .slice(at * schedule.length, (at + 1) * schedule.length)
      .map(({ after, cells }) => ({ after, cells: [...cells] })),
  }));
}
