import { fileURLToPath } from 'node:url';
import { readPaperTable } from '@vssm/results';
import { describe, expect, it } from 'vitest';
import { belowDense, miniatureOf } from '../../below-dense.ts';
import type { Evidence } from '../../evidence.ts';
import { FileSet } from '../../files.ts';
import { gatherEvidence } from '../../gather.ts';
import { PairedComparison } from '../../paired.ts';
import { madeUpSegmenter } from '../../test-support/made-up-finetuning.ts';
import { paperTables } from '../paper-tables.ts';
import { reproduction } from '../reproduction/reproduction.ts';
import { acrossTasks } from './across-tasks.ts';

const tables = [
  readPaperTable(
    fileURLToPath(new URL('../../../../../benchmarks/table3-ade20k/paper.json', import.meta.url)),
  ),
];
const record = madeUpSegmenter({ dense: [41, 41.5, 40.5], none: [36, 37, 38], decay: [38, 38.5, 39] }, [
  {
    ...{ arm: 'decay', against: 'dense', keep: 0.7, margin: 0.5, gain: -2.5 },
    ...{ interval: [-3.4, -1.6] as [number, number], outcome: 'contradicts' as const },
  },
]);
const evidence: Evidence = {
  ...gatherEvidence([], []),
  tables,
  segmenterFinetuning: [{ record, run: null, folder: 'made-up' }],
};
const context = (own: Evidence) => ({
  evidence: own,
  files: new FileSet(),
  paired: new PairedComparison(),
});
const flat = (text: string | undefined) => text?.replace(/\s+/g, ' ') ?? '';

describe('a segmenter in miniature', () => {
  it('is every row’s distance to the dense model fine-tuned as long, in mIoU', () => {
    const [none, decay] = belowDense(record, tables);
    expect([none.gain, none.published]).toEqual([-4, null]);
    expect([decay.gain, decay.reduction]).toEqual([-2.5, 0.4]);
    // Table 3: 48.6 of 49.1.
    expect(decay.published).toBeCloseTo(-0.5, 10);
    expect(miniatureOf(3, 'plainmamba-l1-upernet-top', evidence)).toBeNull();
  });

  it('says so in words and in a table', () => {
    const text = flat(acrossTasks(context(evidence))?.body.text);
    expect(text).toContain(
      'ToP ends <strong>2.50 points below</strong> dense, fine-tuned as long (95 %: −3.40 to −1.60, 3 seeds each), where the paper loses 0.5: contradicts the claim.',
    );
    expect(text).toContain('before<small>mIoU, %</small>');
    expect(text).toContain('−40.0 % of the backbone’s FLOPs');
    expect(text).toContain('for 2 epochs to 40.00 %');
    expect(text).not.toContain('NaN');
    expect(acrossTasks(context({ ...evidence, segmenterFinetuning: [] }))).toBeNull();
  });

  it('stands in the paper’s table and among the claims', () => {
    const text = flat(paperTables(context(evidence))?.body.text);
    expect(text).toMatch(/href="#across-tasks"><strong>−2\.50<\/strong>.*?the paper: −0\.5/);
    expect(text).toContain('dense: 41.00 % mIoU, 3 seeds');
    expect(flat(reproduction(context(evidence)).body.text)).toContain(
      '−40.0 % of the backbone’s FLOPs cost 0.5 points of mIoU',
    );
  });
});
