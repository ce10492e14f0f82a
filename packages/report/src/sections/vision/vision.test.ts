import { pruningPlan } from '@vssm/families';
import { encodeRuns, type VisionRecord } from '@vssm/results';
import { describe, expect, it } from 'vitest';
import { FileSet } from '../../files.ts';
import { gatherEvidence } from '../../gather.ts';
import { escapeHtml } from '../../html.ts';
import { PairedComparison } from '../../paired.ts';
import { drawnDetections, goneCells, hatching } from './picture.ts';
import { vision } from './vision.ts';

type Drawn = NonNullable<VisionRecord['drawn']>[number];

const hash = 'ab'.repeat(32);
const place = { id: '7', height: 40, width: 80 };
const picture = { height: 2, width: 4, pixels: Buffer.alloc(24, 99).toString('base64') };

function found(name: string, score: number): Extract<Drawn['prediction'], { kind: 'detections' }> {
  const mask = encodeRuns([0, 1, 1, 0, 0, 1, 1, 0]);
  const best = [
    { class: { index: 3, name }, score, box: [20, 0, 60, 40] as [number, number, number, number], mask },
  ];
  return { kind: 'detections', found: 4, best };
}

/** Made up; no number here was measured. */
function record(change: Partial<VisionRecord>, prediction: Drawn['prediction']): VisionRecord {
  const { schedule = '' } = change;
  const steps = schedule === '' ? [] : [{ after: 5, keep: 0.5 }];
  const kept = steps.map(({ after }) => ({ after, cells: [0, 3] }));
  return {
    ...{
      schema: 1,
      kind: 'vision',
      key: `made-up-${schedule.length}`,
      experiment: 'table2-coco',
      row: 'made-up',
    },
    ...{ label: 'made up', paper: null, notes: ['a caveat'], schedule },
    model: {
      name: 'made-up model',
      kind: 'maskrcnn',
      params: 7,
      weights: { from: 'checkpoint', file: 'x.pth', sha256: hash },
    },
    plan: { ...pruningPlan({ schedule: steps }, 'plainmamba'), schedule: steps },
    dataset: { name: 'COCO 2017', split: 'val2017', sha256: hash, total: 5000 },
    ...{ images: 5000, failed: [], partial: false, figures: { boxAp: 12.34, maskAp: null } },
    flops: { paper: 1.5, strict: schedule === '' ? 4 : 3 },
    parts: [
      { part: 'layers', gflops: { paper: 1, strict: schedule === '' ? 3 : 2 }, ms: 8 },
      { part: 'masks', gflops: { paper: 0.5, strict: 1 }, ms: 2 },
    ],
    ...{ input: { height: 800, width: 1344 }, tokens: [4200], durationMs: 1 },
    drawn: [
      {
        ...place,
        picture,
        prediction,
        windows: [{ left: 0, top: 0, width: 80, height: 40, grid: { height: 1, width: 4 }, kept }],
      },
    ],
    ...change,
  };
}

function shown(...records: VisionRecord[]) {
  const files = new FileSet();
  const entries = records.map((one) => ({ record: one, run: null, folder: 'made-up' }));
  const evidence = { ...gatherEvidence([], []), vision: entries };
  const section = vision({ evidence, files, paired: new PairedComparison() });
  return { text: section?.body.text ?? '', files };
}

const pair = (one: Drawn['prediction'], other: Drawn['prediction'], change: Partial<VisionRecord> = {}) =>
  shown(record({ ...change, schedule: '5@0.5' }, other), record(change, one));

describe('detection and segmentation', () => {
  it('is not there without such results', () => {
    expect(
      vision({ evidence: gatherEvidence([], []), files: new FileSet(), paired: new PairedComparison() }),
    ).toBeNull();
  });

  it('gives figures, operations and times, the dense model first', () => {
    const { text } = pair(found('cat', 0.9), found('cat', 0.8));
    expect(text).toContain('box AP <strong>12.3</strong>, mask AP <strong>undefined</strong>');
    expect(text).toContain('3.00 G <small>75.0 %</small>');
    expect(text.indexOf('>dense<sup>')).toBeLessThan(text.indexOf('5@0.5<small>ToP'));
    expect(text).toMatch(
      /<th scope="row">layers<\/th><td class="number">3.00 G<\/td><td class="number">8.00<\/td><td class="number">2.00 G/,
    );
    expect(text).not.toContain('moke run');
  });

  it('draws boxes, masks and pruned patches on one picture file', () => {
    const { text, files } = pair(found('cat', 0.9), found('dog', 0.8));
    expect(text.match(/<svg /g)).toHaveLength(3);
    expect(files.paths).toHaveLength(1);
    expect(text.split(`href="${files.paths[0]}"`)).toHaveLength(4);
    expect(text).toContain('<path class="box" style="--own:var(--class1)" d="M20 0H60V40H20z"/>');
    expect(text).toContain('transform="scale(20 20)" style="--own:var(--class1)" d="M1 0H3V2H1z"');
    expect(text).toContain('>cat 0.90</text>');
    expect(text).toContain('aria-label="Image 7, dense: 4 detections, 1 drawn: cat 0.90"');
    expect(text.match(/class="gone"/g)).toHaveLength(1);
    expect(text).toContain(
      '<g transform="translate(0 0) scale(20 40)"><path class="gone" d="M1 0h1v1h-1zM2 0h1v1h-1z"/>',
    );
    expect(text).toContain('2 of 4 patches kept');
  });

  it('draws label maps with a legend, and says how much stayed', () => {
    const map = (values: number[]): Drawn['prediction'] => ({
      kind: 'labels',
      classes: [
        { index: 2, name: 'sky' },
        { index: 9, name: 'grass' },
      ],
      labels: encodeRuns(values),
    });
    const { model } = record({}, found('', 0));
    const change = { model: { ...model, kind: 'upernet' as const }, figures: { miou: 40 } };
    const { text } = pair(map([0, 0, 0, 0, 1, 1, 1, 1]), map([0, 0, 0, 0, 0, 0, 1, 1]), change);
    expect(text).toContain('75 % of the pixels as dense');
    expect(text).toContain('sky <small>50 % → 75 %</small>');
    expect(text).toContain('<path class="area" style="--own:var(--class1)" d="M0 0H4V1H0z"/>');
  });

  it('says of random weights that their figures mean nothing', () => {
    const { model } = record({}, found('', 0));
    const { text } = pair(found('cat', 0.9), found('cat', 0.9), {
      model: { ...model, weights: { from: 'random', seed: 0 } },
    });
    expect(text).toContain('<strong>Smoke runs.</strong>');
    expect(text).toContain('mean nothing');
    expect(text.match(/class="stamp"/g)).toHaveLength(2);
  });

  it('keeps hostile names as text', () => {
    const hostile = '"><script>x</script>';
    const { text } = pair(found(hostile, 0.9), found(hostile, 0.9));
    expect(text).toContain(escapeHtml(hostile));
    expect(text).not.toContain('<script>');
  });
});

describe('what is drawn of an answer', () => {
  it('is what is sure, or the best few', () => {
    const scores = (...of: number[]) => ({
      ...found('', 0),
      best: of.map((score) => found('', score).best[0]),
    });
    expect(drawnDetections(scores(0.9, 0.3, 0.29))).toHaveLength(2);
    expect(drawnDetections(scores(...Array(12).fill(0.5)))).toHaveLength(10);
    expect(drawnDetections(scores(...Array(7).fill(0.2)))).toHaveLength(5);
  });

  it('hatches cells so that lines of neighbours meet', () => {
    expect(hatching(0, 0, 1)).toBe('M0 1L1 0');
    expect(hatching(0, 0, 0.5)).toBe('M0 0.5L0.5 0M0 1L1 0M0.5 1L1 0.5');
    expect(hatching(0, 0, 3)).toBe('');
    expect(hatching(1, 1, 3)).toBe('M1 2L2 1');
  });

  it('leaves nothing gone where nothing was pruned', () => {
    const window = { left: 0, top: 0, width: 1, height: 1, grid: { height: 2, width: 2 } };
    expect(goneCells({ ...window, kept: [] })).toEqual([]);
    expect(
      goneCells({
        ...window,
        kept: [
          { after: 1, cells: [0, 1, 3] },
          { after: 2, cells: [3] },
        ],
      }),
    ).toEqual([0, 1, 2]);
  });
});
