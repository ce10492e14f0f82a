import { describe, expect, it } from 'vitest';
import { gatherEvidence } from '../../gather.ts';
import { reportFiles } from '../../report.ts';
import { writeMadeUpRun } from '../../test-support/made-up.ts';

const evidence = gatherEvidence([writeMadeUpRun().folder], []);

const files = await reportFiles(evidence);
const text = String(files.content('index.html'));

async function page(of: typeof evidence): Promise<string> {
  return String((await reportFiles(of)).content('index.html'));
}

describe('the section about the CPU', () => {
  it('says in words what holds and what does not', () => {
    expect(text).toContain('Of 10 targets that were set for this path before it was measured, 7 hold');
    expect(text).toContain('<span class="wrong">does not hold</span>');
  });

  it('gives every form with its ratio to the matrix products, and how its mode was found', () => {
    const forms = text.slice(text.indexOf('class="forms"'), text.indexOf('How the best modes'));
    expect(forms.match(/<tr class/g)).toHaveLength(15);
    expect(forms).toContain('6.00×');
    expect(text).toContain('2 threads, batch 8: 50.0');
  });

  it('has four kinds of charts, each with its data', () => {
    for (const id of ['cpu-forms-vim-s', 'cpu-blocks-vim-s', 'cpu-roofline-vim-s', 'cpu-memory']) {
      expect(files.paths).toContain(`charts/${id}.narrow.svg`);
      expect(files.paths).toContain(`data/${id}.csv`);
    }
  });

  it('is not there where nothing of it was run, and makes do with a part', async () => {
    expect(await page({ ...evidence, executions: [], profiles: [] })).not.toContain('id="cpu"');
    const profileOnly = await page({ ...evidence, executions: [] });
    expect(profileOnly).toContain('Where the time goes');
    expect(profileOnly).not.toContain('Longer sequences');
  });
});
