/**
 * How long `vssm score coco` takes and how much memory, on made-up data of COCO val2017's size: 5,000 images of
 * 640x480 with 7 objects and 100 detections each, as polygons and compressed RLEs.
 *
 *     node packages/cli/bench/score-coco.ts [--images 5000] [--categories 80]
 *
 * Files are written to a temporary folder; each type is scored in a separate process, reading included.
 */
import { execFileSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { overlapTypes, rleArea, rleBox, rleFromPolygon, rleToString } from '@vssm/metrics';
import { scoreCoco } from '../src/score/coco.ts';

const height = 480;
const width = 640;
const objectsPerImage = 7;
const detectionsPerImage = 100;

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '5000' },
    categories: { type: 'string', default: '80' },
    score: { type: 'string' },
    folder: { type: 'string' },
  },
});

if (values.score === undefined) await measure(Number(values.images), Number(values.categories));
else await score(values.score, values.folder!);

async function measure(images: number, categories: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'vssm-score-'));
  try {
    const random = generator(1);
    const truth = Array.from({ length: images }, () =>
      Array.from({ length: objectsPerImage }, () => ({
        category: 1 + Math.floor(random() * categories),
        corners: blob(random),
      })),
    );
    await write(join(folder, 'truth.json'), truthJson(truth, categories));
    await write(join(folder, 'detections.json'), detectionsJson(truth, categories, random));
    const size = (name: string) => (statSync(join(folder, name)).size / 1e6).toFixed(0);
    console.log(
      `${images} images, ${categories} categories: truth ${size('truth.json')} MB, detections ${size('detections.json')} MB`,
    );
    for (const type of overlapTypes) {
      const script = fileURLToPath(import.meta.url);
      process.stdout.write(execFileSync(process.execPath, [script, '--score', type, '--folder', folder]));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function score(type: string, folder: string): Promise<void> {
  const start = performance.now();
  const { summary, detections } = await scoreCoco({
    annotations: join(folder, 'truth.json'),
    detections: join(folder, 'detections.json'),
    type: overlapTypes.find((known) => known === type)!,
  });
  const seconds = (performance.now() - start) / 1000;
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(
    `${type}: ${detections} detections, AP ${summary.AP.toFixed(4)}, ${seconds.toFixed(1)} s, peak ${peak.toFixed(0)} MiB`,
  );
}

type Truth = readonly (readonly { readonly category: number; readonly corners: readonly number[] }[])[];

function* truthJson(truth: Truth, categories: number): Generator<string> {
  const named = Array.from({ length: categories }, (_, at) => ({ id: at + 1, name: `class ${at + 1}` }));
  const images = truth.map((_, id) => ({ id, height, width, file_name: `${id}.jpg` }));
  yield `{"images":${JSON.stringify(images)},"categories":${JSON.stringify(named)},"annotations":[`;
  let id = 1;
  for (const [image, objects] of truth.entries()) {
    for (const { category, corners } of objects) {
      const mask = rleFromPolygon(corners, height, width, 'object');
      const bbox = rleBox(mask);
      const entry = { id, image_id: image, category_id: category, bbox, area: rleArea(mask), iscrowd: 0 };
      yield `${id === 1 ? '' : ','}${JSON.stringify({ ...entry, segmentation: [corners] })}`;
      id++;
    }
  }
  yield ']}';
}

/** Two of three detections are a true object, moved; the others are anything anywhere. */
function* detectionsJson(truth: Truth, categories: number, random: () => number): Generator<string> {
  for (const [image, objects] of truth.entries()) {
    for (let at = 0; at < detectionsPerImage; at++) {
      const near = objects[Math.floor(random() * objects.length * 1.5)];
      const corners = near?.corners.map((value) => value + (random() - 0.5) * 40) ?? blob(random);
      const mask = rleFromPolygon(corners, height, width, 'detection');
      const entry = {
        image_id: image,
        category_id: near?.category ?? 1 + Math.floor(random() * categories),
        bbox: rleBox(mask),
        score: random(),
        segmentation: { size: [height, width], counts: rleToString(mask) },
      };
      yield `${image === 0 && at === 0 ? '[' : ','}${JSON.stringify(entry)}`;
    }
  }
  yield ']';
}

/** A star of 24 corners round a random centre. */
function blob(random: () => number): number[] {
  const x = random() * width;
  const y = random() * height;
  const radius = 10 + 120 * random() ** 2;
  return Array.from({ length: 24 }, (_, at) => {
    const angle = (at / 24) * 2 * Math.PI;
    const reach = radius * (0.6 + 0.4 * random());
    return [
      Math.min(Math.max(x + reach * Math.cos(angle), 0), width),
      Math.min(Math.max(y + reach * Math.sin(angle), 0), height),
    ];
  }).flat();
}

function write(path: string, parts: Iterable<string>): Promise<void> {
  return pipeline(parts, createWriteStream(path));
}

/** Numbers in 0 … 1 (Lehmer, modulus 2^31 - 1). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
