import { fileURLToPath } from 'node:url';
import { pruningPlan } from '@vssm/families';
import { readPaperTable, type VisionRecord } from '@vssm/results';
import { describe, expect, it } from 'vitest';
import { answer } from '../answers.ts';
import { type Evidence, isPartial } from '../evidence.ts';
import { FileSet } from '../files.ts';
import { gatherEvidence } from '../gather.ts';
import { PairedComparison } from '../paired.ts';
import { paperTables } from './paper-tables.ts';

const paper = readPaperTable(
  fileURLToPath(new URL('../../../../benchmarks/table2-coco/paper.json', import.meta.url)),
);

/** Made up; no number here was measured. */
function evidenceOf(change: Partial<VisionRecord>): Evidence {
  const record: VisionRecord = {
    ...{
      schema: 1,
      kind: 'vision',
      key: 'made-up',
      experiment: 'table2-coco',
      row: 'made-up',
      label: 'dense',
    },
    ...{ paper: { table: 2, row: 'plainmamba-l1-maskrcnn-dense' }, notes: [], schedule: '' },
    model: {
      ...{ name: 'made-up', kind: 'maskrcnn', params: 7 },
      weights: { from: 'checkpoint', file: 'made-up.pth', sha256: 'ab'.repeat(32) },
    },
    plan: { ...pruningPlan({ schedule: [] }, 'plainmamba'), schedule: [] },
    dataset: { name: 'COCO 2017', split: 'val2017', sha256: 'ab'.repeat(32), total: 5000 },
    ...{ images: 5000, failed: [], partial: false, figures: { boxAp: 12.34, maskAp: null } },
    ...{ flops: { paper: 1.5, strict: 3.25 }, input: { height: 800, width: 1344 }, tokens: [4200] },
    ...{ durationMs: 1, ...change },
  };
  return { ...gatherEvidence([], [paper]), vision: [{ record, run: null, folder: 'made-up' }] };
}

function shown(evidence: Evidence): string {
  const section = paperTables({ evidence, files: new FileSet(), paired: new PairedComparison() });
  return section!.body.text;
}

describe('a detector in table 2', () => {
  it('stands beside the published figures, which carry their sources', () => {
    const text = shown(evidenceOf({}));
    expect(text).toContain('<th scope="col" class="number">box AP, mask AP<small>here</small></th>');
    expect(text).toContain(
      'box AP <strong>12.3</strong>, mask AP <strong>undefined</strong> <small>5,000 images</small>',
    );
    expect(text).toContain('<span class="paper">44.1</span>');
    expect(text).toContain('3.25');
    expect(text).toContain('within 0.5 of dense');
  });

  it('counts with trained weights on the table’s own data only', () => {
    const found = (change: Partial<VisionRecord>) =>
      answer('plainmamba-l1-maskrcnn-dense', paper, evidenceOf(change)).vision.length;
    const { model, dataset } = evidenceOf({}).vision[0].record;
    expect(found({})).toBe(1);
    expect(found({ model: { ...model, weights: { from: 'random', seed: 0 } } })).toBe(0);
    expect(found({ dataset: { ...dataset, name: 'made-up pictures in the form of COCO 2017' } })).toBe(0);
  });

  it('marks a cut-down run', () => {
    const evidence = evidenceOf({ partial: true, images: 10 });
    expect(isPartial(evidence)).toBe(true);
    expect(shown(evidence)).toContain('partial');
  });
});
