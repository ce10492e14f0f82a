/** What the tests of this package share: its test data. */
import { readFileSync } from 'node:fs';
import type { DescribedDetection, DescribedObject } from '../coco/described.ts';
import type { Box } from '../coco/rle.ts';
import type { Segmentation } from '../coco/segmentation.ts';
import type { CocoSummary } from '../coco/summarise.ts';

export function testBytes(name: string): Buffer {
  return readFileSync(new URL(`../../testdata/${name}`, import.meta.url));
}

export function testJson<T>(name: string): T {
  return JSON.parse(testBytes(name).toString('utf8')) as T;
}

/** An annotation file, as far as evaluation reads it. */
export interface TruthFile {
  readonly images: readonly { readonly id: number; readonly height: number; readonly width: number }[];
  readonly categories: readonly { readonly id: number }[];
  readonly annotations: readonly {
    readonly id: number;
    readonly image_id: number;
    readonly category_id: number;
    readonly bbox: Box;
    readonly area: number;
    readonly iscrowd: number;
    readonly segmentation: Segmentation;
  }[];
}

/** A results file. */
export type DetectionsFile = readonly {
  readonly image_id: number;
  readonly category_id: number;
  readonly bbox: Box;
  readonly score: number;
  readonly segmentation: Segmentation;
}[];

export type ExpectedScores = Readonly<Record<'bbox' | 'segm', CocoSummary>>;

export function describedObjects(truth: TruthFile, image: number): DescribedObject[] {
  return truth.annotations
    .filter(({ image_id }) => image_id === image)
    .map(({ id, category_id, bbox, area, iscrowd, segmentation }) => ({
      id,
      category: category_id,
      box: bbox,
      area,
      crowd: iscrowd === 1,
      segmentation,
    }));
}

export function describedDetections(file: DetectionsFile, image: number): DescribedDetection[] {
  return file
    .filter(({ image_id }) => image_id === image)
    .map(({ category_id, bbox, score, segmentation }) => ({
      category: category_id,
      score,
      box: bbox,
      segmentation,
    }));
}
