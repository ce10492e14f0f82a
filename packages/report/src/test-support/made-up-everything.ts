/** Made-up evidence with something for every section of the report. No number here was measured. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pruningPlan } from '@vssm/families';
import { encodeRuns, type PaperTable, readPaperTable, type VisionRecord } from '@vssm/results';
import type { Evidence } from '../evidence.ts';
import { gatherEvidence } from '../gather.ts';
import { writeMadeUpRun } from './made-up.ts';
import { evidenceOf, madeUpFinetuning, madeUpSegmenter } from './made-up-finetuning.ts';

/** The published numbers, as they are. */
function publishedTables(): PaperTable[] {
  const benchmarks = join(import.meta.dirname, '../../../../benchmarks');
  return readdirSync(benchmarks)
    .filter((name) => /^table\d/.test(name))
    .map((name) => readPaperTable(join(benchmarks, name, 'paper.json')));
}

export function everySection(): Evidence {
  const measured = gatherEvidence([writeMadeUpRun().folder], publishedTables());
  const claim = madeUpFinetuning({ none: [850, 860, 855], decay: [870, 880, 875] }, [
    { gain: 2, interval: [1.25, 2.75], outcome: 'supports' },
    { gain: 0.1, interval: [-1, 1.2], outcome: 'undecided' },
  ]);
  const { finetuning, finetuned } = evidenceOf(claim, [900, 850]);
  const vision = [crowd(''), crowd('1,2@0.8')];
  const { league } = gatherEvidence([writeMadeUpRun({ league: true }).folder], []);
  return {
    ...measured,
    league,
    finetuning,
    finetuned,
    segmenterFinetuning: [
      { record: madeUpSegmenter({ none: [36], decay: [38], dense: [41] }, []), run: null, folder: 'made-up' },
    ],
    vision: vision.map((record) => ({ record, run: null, folder: 'made-up' })),
  };
}

/** Ten objects on top of each other, with long names. */
function crowd(schedule: string): VisionRecord {
  const [height, width] = [96, 128];
  const pruned = schedule !== '';
  const steps = pruned ? [1, 2].map((after) => ({ after, keep: 0.8 })) : [];
  const mask = encodeRuns(Array.from({ length: 12 }, (_, pixel) => Number(pixel % 4 === 1)));
  const best = Array.from({ length: 10 }, (_, at) => ({
    class: { index: at, name: ['refrigerator', 'airplane', 'potted plant'][at % 3] },
    score: 1 - at / 40,
    box: [4 * at, 2 * at, 60 + 4 * at, 50 + 2 * at] as [number, number, number, number],
    mask,
  }));
  return {
    ...{
      schema: 1,
      kind: 'vision',
      key: `made-up-crowd-${pruned}`,
      experiment: 'table2-coco',
      row: `crowd${schedule}`,
    },
    ...{ label: 'made up', paper: null, notes: ['a caveat'], schedule },
    model: {
      ...{ name: 'made-up model', kind: 'maskrcnn', params: 7 },
      weights: { from: 'checkpoint', file: 'x.pth', sha256: 'ab'.repeat(32) },
    },
    plan: { ...pruningPlan({ schedule: steps }, 'plainmamba'), schedule: steps },
    dataset: { name: 'made-up pictures', split: 'val', sha256: 'ab'.repeat(32), total: 50 },
    ...{ images: 50, failed: [], partial: false, figures: { boxAp: 12.34, maskAp: 11.1 } },
    ...{
      flops: { paper: 1.5, strict: pruned ? 3 : 4 },
      input: { height, width },
      tokens: [48],
      durationMs: 1,
    },
    parts: [{ part: 'layers', gflops: { paper: 1.5, strict: pruned ? 3 : 4 }, ms: 8 }],
    drawn: [
      {
        ...{ id: '7', height, width },
        picture: { height: 3, width: 4, pixels: Buffer.alloc(36, 99).toString('base64') },
        prediction: { kind: 'detections', found: 40, best },
        windows: [
          {
            ...{ left: 0, top: 0, width, height, grid: { height: 6, width: 8 } },
            kept: steps.map(({ after }) => ({ after, cells: [0, 3, 9, 22] })),
          },
        ],
      },
    ],
  };
}
