import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../evidence.ts';
import { FileSet } from '../../files.ts';
import { PairedComparison } from '../../paired.ts';
import { evidenceOf, madeUpFinetuning } from '../../test-support/made-up-finetuning.ts';
import { claim } from './claim.ts';

const better = { gain: 2, interval: [1.25, 2.75] as [number, number], outcome: 'supports' as const };
const worse = { gain: -2, interval: [-2.75, -1.25] as [number, number], outcome: 'contradicts' as const };
const open = { gain: 0.1, interval: [-1, 1.2] as [number, number], outcome: 'undecided' as const };
const ends = { none: [850, 860, 855], decay: [870, 880, 875] };

async function written(evidence: Evidence) {
  const files = new FileSet();
  const section = await claim({ evidence, files, paired: new PairedComparison() });
  return { text: section?.body.text.replace(/\s+/g, ' ') ?? null, files };
}

describe('the claim in miniature', () => {
  it('says in a plain sentence what the data say of it', async () => {
    const say = async (...verdicts: Parameters<typeof madeUpFinetuning>[1]) =>
      (await written(evidenceOf(madeUpFinetuning(ends, verdicts)))).text;
    expect(await say(better, better)).toContain('Our data support the paper’s claim');
    expect(await say(worse, worse)).toContain('Our data contradict the paper’s claim');
    expect(await say(open, open)).toContain('Our data do not decide the paper’s claim');
    expect(await say(better, open)).toContain('of 2 comparisons 1 supports it, 1 decides nothing');
    expect(await say(worse, open)).toContain(
      'Our data speak against the paper’s claim</strong> that pruning with alignment recovers more in fine-tuning than pruning without: of 2 comparisons 1 contradicts it, 1 decides nothing',
    );
    expect(await say()).toContain('Nothing was compared that the paper claims');
  });

  it('gives every comparison with its interval, and every row with its spread', async () => {
    const { text } = await written(evidenceOf(madeUpFinetuning(ends, [better, worse])));
    expect(text).toContain(
      'Keep 0.7: ToP ends <strong>2.00 points above</strong> none (95 %: 1.25 to 2.75, 3 seeds each): supports the claim.',
    );
    expect(text).toContain('<strong>2.00 points below</strong>');
    expect(text).toContain(
      '<td class="number">40.00</td> <td class="number"><span class="value">87.50</span>',
    );
    expect(text).toContain('± 0.50, 3 seeds</small><small class="line">−2.50</small>');
    expect(text).toContain('90.00 % top-1 on the 1,000 test images');
  });

  it('has no spread where there is one seed', async () => {
    const one = { gain: 2, interval: null, outcome: 'one seed' as const };
    const { text } = await written(evidenceOf(madeUpFinetuning({ none: [850], decay: [870] }, [one, one])));
    expect(text).toContain('none: one seed, so no word on chance.');
    expect(text).toContain('<small>1 seed</small>');
    expect(text).not.toContain('NaN');
  });

  it('draws the rows and the loss curves', async () => {
    const { files } = await written(evidenceOf(madeUpFinetuning(ends, [better, better])));
    for (const name of ['after', 'recovery', 'dense-loss', 'dense-accuracy', 'finetuning-loss']) {
      expect(String(files.content(`charts/claim-${name}.wide.svg`))).toContain('<svg');
    }
    const rows = String(files.content('data/claim-after.csv')).trim().split('\r\n');
    expect(rows.slice(0, 2)).toEqual([
      'pruning,level,before,seed,after',
      '"clipped sum, none + compact",keep 0.7,40,1,85',
    ]);
    expect(rows).toHaveLength(1 + 2 * 2 * 3);
  });

  it('holds the shipped weights’ accuracy against the log', async () => {
    const record = madeUpFinetuning(ends, [better, better]);
    const equal = await written(evidenceOf(record, [900, 850]));
    expect(equal.text!.match(/<span class="agrees">equal<\/span>/g)).toHaveLength(2);
    const apart = await written(evidenceOf(record, [899, 853]));
    expect(apart.text).toContain('1 of 1,000 apart');
    expect(apart.text).toContain('3 of 1,000 apart');
    expect((await written(evidenceOf(record))).text).not.toContain('The shipped weights');
  });

  it('is left out where nothing was trained', async () => {
    const { text } = await written({ ...evidenceOf(madeUpFinetuning(ends, [])), finetuning: [] });
    expect(text).toBeNull();
  });
});
