import { fileURLToPath } from 'node:url';
import { type FinetuningRecord, readPaperTable } from '@vssm/results';
import { describe, expect, it } from 'vitest';
import { belowDense, miniatureOf } from '../../below-dense.ts';
import type { Evidence } from '../../evidence.ts';
import { FileSet } from '../../files.ts';
import { html } from '../../html.ts';
import { PairedComparison } from '../../paired.ts';
import { evidenceOf, madeUpFinetuning, madeUpHeadline } from '../../test-support/made-up-finetuning.ts';
import { paperTables } from '../paper-tables.ts';
import { reproduction } from '../reproduction/reproduction.ts';
import { whatWasRun } from '../summary.ts';
import { claim } from './claim.ts';
import { headline } from './headline.ts';

const tables = ['table1-imagenet', 'table5-alignment'].map((name) =>
  readPaperTable(fileURLToPath(new URL(`../../../../../benchmarks/${name}/paper.json`, import.meta.url))),
);
const verdicts: FinetuningRecord['verdicts'] = [
  ...[
    { arm: 'decay', against: 'dense', keep: 0.7, margin: 1.7, gain: -2.5, outcome: 'contradicts' as const },
  ].map((one) => ({ ...one, interval: [-3.4, -1.9] as [number, number] })),
  { arm: 'decay', against: 'none', keep: 0.7, gain: 2, interval: [1.25, 2.75], outcome: 'supports' },
];
const record = madeUpHeadline(
  { none: [850, 860, 855], decay: [870, 880, 875], dense: [900, 899, 901] },
  verdicts,
);
const evidence: Evidence = { ...evidenceOf(record), tables };
const contextOf = (own: Evidence) => ({
  evidence: own,
  files: new FileSet(),
  paired: new PairedComparison(),
});
const flat = (text: string | undefined) => text?.replace(/\s+/g, ' ') ?? '';

describe('the headline in miniature', () => {
  it('is every row’s distance to the dense model fine-tuned as long, beside the paper’s', () => {
    const [none, decay] = belowDense(record, tables);
    expect(none.gain).toBeCloseTo(-4.5, 10);
    // Table 5: 75.4.
    expect(none.published).toBeCloseTo(-5.1, 10);
    expect(decay.gain).toBeCloseTo(-2.5, 10);
    expect(decay.reduction).toBeCloseTo(0.2, 10);
    // Table 1: 78.8 of 80.5.
    expect(decay.published).toBeCloseTo(-1.7, 10);
    expect(decay.interval![0]).toBeLessThan(-2.5);
    expect(belowDense(madeUpFinetuning({ none: [1], decay: [2] }, []), tables)).toEqual([]);
  });

  it('says so in words, table and chart', async () => {
    const context = contextOf(evidence);
    const text = flat((await headline(context))?.body.text);
    expect(text).toContain(
      'ToP ends <strong>2.50 points below</strong> dense, fine-tuned as long (95 %: −3.40 to −1.90, 3 seeds each), where the paper loses 1.7: contradicts the claim.',
    );
    // Table 5: 78.8 and 75.4.
    expect(text).toContain(
      'ToP ends <strong>2.00 points above</strong> none (95 %: 1.25 to 2.75, 3 seeds each), where the paper has it 3.4 above: supports the claim, and excludes its size.',
    );
    expect(text).toContain('−20.0 % FLOPs, 2,<wbr>4,<wbr>6@0.7: 197 → 139 → 97 → 69 tokens');
    expect(text).toMatch(
      /87\.50<\/span> <small>± 0\.50, 3 seeds<\/small><\/td><td class="number"><strong>−2\.50/,
    );
    expect(text).toContain('0, the zero line');
    expect(text).not.toContain('NaN');
    expect(String(context.files.content('charts/headline-front.wide.svg'))).toContain('<svg');
  });

  it('stands in the paper’s tables beside the paper’s own, and among the claims', () => {
    const text = flat(paperTables(contextOf(evidence))?.body.text);
    expect(text).toMatch(/<strong>−2\.50<\/strong>.*?the paper: −1\.7/);
    expect(text).toContain('dense: 90.00 % top-1, 3 seeds');
    expect(flat(reproduction(contextOf(evidence)).body.text)).toContain(
      '−20.0 % FLOPs cost 1.7 points of top-1',
    );
    expect(miniatureOf(1, 'vim-tiny-top', evidence)).toBeNull();
    const without = { ...evidence, finetuning: [] };
    expect(flat(paperTables(contextOf(without))?.body.text)).not.toContain('points below dense');
  });

  it('is something that was run', () => {
    expect(html`${whatWasRun(evidenceOf(record))}`.text).toContain(
      'Fine-tuning, dense and pruned, of Vim-made-up.',
    );
  });

  it('judges the paper’s size of a gain, where an interval excludes it', async () => {
    const said = async (interval: [number, number] | null, outcome: 'undecided' | 'one seed') => {
      const own = { ...verdicts[1], interval, outcome };
      const made = madeUpHeadline({ none: [850, 860], decay: [870, 880], dense: [900, 901] }, [own]);
      return flat((await headline(contextOf({ ...evidenceOf(made), tables })))?.body.text);
    };
    expect(await said([-0.5, 4.5], 'undecided')).toContain('the paper has it 3.4 above: decides nothing.');
    expect(await said([-0.5, 0.5], 'undecided')).toContain('above: excludes that size, and does not decide');
    expect(await said(null, 'one seed')).toContain('the paper has it 3.4 above: one seed');
  });

  it('tells unequal numbers of seeds', async () => {
    const uneven = madeUpHeadline({ none: [850], decay: [870, 880], dense: [900, 899, 901] }, verdicts);
    const text = flat((await headline(contextOf({ ...evidenceOf(uneven), tables })))?.body.text);
    expect(text).toContain('(95 %: −3.40 to −1.90, 2 and 3 seeds)');
  });

  it('leaves the older claim to experiments without a zero line', async () => {
    expect(await claim(contextOf(evidence))).toBeNull();
    const older = evidenceOf(madeUpFinetuning({ none: [850], decay: [870] }, []));
    expect(await headline(contextOf(older))).toBeNull();
    expect(await claim(contextOf(older))).not.toBeNull();
  });
});
