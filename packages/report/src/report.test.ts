import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FileSet } from './files.ts';
import { gatherEvidence } from './gather.ts';
import { escapeHtml } from './html.ts';
import { reportFiles, writeReport } from './report.ts';
import { paper, writeMadeUpRun } from './test-support/made-up.ts';
import { temporaryFolder } from './test-support/temporary-folder.ts';

const text = (files: FileSet, path = 'index.html') => String(files.content(path));

async function madeUpReport(options: Parameters<typeof writeMadeUpRun>[0] = {}) {
  const files = await reportFiles(gatherEvidence([writeMadeUpRun(options).folder], [paper]));
  return { files, page: text(files) };
}

/** The report that most tests look at; they leave it as it is. */
const usual = await madeUpReport();

describe('the report', () => {
  it('is complete: every file that the page names is there, and nothing comes from the network', () => {
    const { files, page } = usual;
    const named = [...page.matchAll(/(?:src|srcset|href)="([^"]+)"/g)].map(([, url]) => url);
    const local = named.filter((url) => !url.startsWith('#') && !url.startsWith('data:'));
    const links = local.filter((url) => url.startsWith('http'));
    expect(links).toEqual(['https://arxiv.org/abs/2409.18962']);
    for (const url of local) if (!url.startsWith('http')) expect(files.paths).toContain(url);
    const anchors = named.filter((url) => url.startsWith('#')).map((url) => url.slice(1));
    for (const anchor of anchors) expect(page).toContain(`id="${anchor}"`);
    for (const path of files.paths) {
      if (!/\.(css|svg|html)$/.test(path)) continue;
      expect(text(files, path), path).not.toMatch(/@import|url\(|<script src="http/);
    }
  });

  it('gives every published number with its source tag', () => {
    const { page } = usual;
    for (const row of [...paper.rows, ...paper.logs!]) {
      for (const value of Object.values(row.values)) {
        if (!('value' in value) || value.value === null) continue;
        const tag = value.source.split(/\s*,\s*/)[0];
        const cell = `<span class="paper">${value.value}</span> <span class="tags"><a class="tag" href="#source-${tag}"`;
        expect(page).toContain(cell);
      }
    }
    // Wherever the page sets a published number, tags follow.
    const bare = page.match(/class="paper"[^>]*>[^<]*<\/span>(?! <span class="tags"><a class="tag")/g);
    expect(bare).toBeNull();
    for (const tag of Object.keys(paper.sources)) expect(page).toContain(`id="source-${tag}"`);
  });

  it('keeps hostile strings as text, in the page and in every file a browser may open', async () => {
    const hostile = '"><script>alert(1)</script><img src=x onerror=alert(2)>';
    const { files, page } = await madeUpReport({ hostile });
    expect(page).toContain(escapeHtml(hostile));
    for (const path of files.paths) {
      if (path.startsWith('assets/vendor/') || path.startsWith('data/') || path.endsWith('.vl.json'))
        continue;
      expect(text(files, path), path).not.toContain('<script>alert');
      expect(text(files, path), path).not.toContain('<img src=x');
    }
    for (const path of files.paths) expect(path).toMatch(/^[A-Za-z0-9./-]+$/);
  });

  it('says loudly that a cut-down run is not comparable, at the top and beside its numbers', async () => {
    const { page } = await madeUpReport({ partial: true });
    expect(page.indexOf('Partial, not comparable.')).toBeGreaterThan(0);
    expect(page.indexOf('Partial, not comparable.')).toBeLessThan(page.indexOf('id="measured"'));
    expect(page.split('class="stamp"').length).toBeGreaterThan(40);
    expect(usual.page).not.toContain('class="stamp"');
  });

  it('never puts a number of another data set beside the paper’s', async () => {
    const { folder } = writeMadeUpRun();
    const evidence = gatherEvidence([folder], [paper]);
    const [first] = evidence.accuracy;
    const linked = {
      ...first,
      record: { ...first.record, top1: 12.3456, paper: { table: 1, row: 'vim-tiny-dense' } },
    };
    const page = text(await reportFiles({ ...evidence, accuracy: [linked] }));
    const table = page.slice(page.indexOf('<section id="paper"'), page.indexOf('<section id="strip"'));
    expect(table).toContain('not run');
    expect(table).not.toContain('12.35');
  });

  it('tells what was not run, why, and how to run it', () => {
    const { page } = usual;
    const section = page.slice(page.indexOf('<section id="not-run"'));
    expect(section).toContain('Not built yet.');
    expect(section).toContain('<code>pnpm bench --imagenet DIR</code>');
  });

  it('has a text for every picture', () => {
    const { page } = usual;
    const pictures = page.match(/<img [^>]*>/g) ?? [];
    expect(pictures.length).toBeGreaterThan(5);
    for (const picture of pictures) expect(picture).toMatch(/alt="[^"]{20,}"/);
    for (const picture of page.match(/<svg [^>]*>/g) ?? []) expect(picture).toMatch(/aria-label="[^"]{5,}"/);
  });

  it('shows beside the kept patches what the models have read, where that is told', () => {
    const { page, files } = usual;
    const section = page.slice(page.indexOf('<section id="strip"'), page.indexOf('<section id="not-run"'));
    const figures = section.split('<figure>').slice(1);
    expect(
      figures.map((figure) => figure.match(/(dense|pruned) reads<br>up to [\d.]+\s%/g)?.length ?? 0),
    ).toEqual([0, 2, 2, 2]);
    const heat = files.paths.filter((path) => /^images\/.*-(dense|pruned)\.png$/.test(path));
    expect(heat).toHaveLength(6);
    for (const path of heat) expect(section).toContain(`href="${path}"`);
    expect(section).toContain('class contribution');
  });

  it('depends on nothing but its input', async () => {
    const { files } = await madeUpReport();
    expect(files.paths).toEqual(usual.files.paths);
    for (const path of files.paths) expect(files.content(path)).toEqual(usual.files.content(path));
  });

  it('does not count the same accuracies of two folders twice', async () => {
    const { folder } = writeMadeUpRun();
    const copy = temporaryFolder();
    cpSync(folder, copy, { recursive: true });
    expect(gatherEvidence([folder, copy], []).accuracy).toHaveLength(
      gatherEvidence([folder], []).accuracy.length,
    );
  });

  it('tells two models of one name apart', async () => {
    const { folder } = writeMadeUpRun();
    const evidence = gatherEvidence([folder], []);
    const twins = evidence.accuracy.map((entry) => {
      const weights = { ...entry.record.model.weights, sha256: 'f'.repeat(64) };
      return { ...entry, record: { ...entry.record, model: { ...entry.record.model, weights } } };
    });
    const strips = [...evidence.strips, ...evidence.strips];
    const files = await reportFiles({
      ...evidence,
      accuracy: [...evidence.accuracy, ...twins] as never,
      strips,
    });
    const charts = files.paths.filter((path) => /^charts\/accuracy-.*\.wide\.svg$/.test(path));
    expect(charts).toHaveLength(6);
    // Of each strip four pictures, and two maps of three of them.
    expect(files.paths.filter((path) => path.startsWith('images/'))).toHaveLength(2 * (4 + 3 * 2));
  });

  it('is honest about an empty run', async () => {
    const page = text(await reportFiles(gatherEvidence([], [paper])));
    expect(page).toContain('Nothing has been run yet');
    expect(page).toContain('id="table-1"');
  });

  it('is written where it was asked for', async () => {
    const out = join(temporaryFolder(), 'out');
    const { folder } = writeMadeUpRun();
    const written = await writeReport({ results: [folder], benchmarks: [paper], out });
    expect(written.index).toBe(join(out, 'index.html'));
    expect(readFileSync(written.index, 'utf8')).toContain('</html>');
    expect(written).toMatchObject({ partial: false, records: { speed: 4 + 21, skipped: 3 } });

    // What ships is shown, and is not this run's.
    const shipped = [join(folder, 'results.jsonl')];
    const other = await writeReport({ results: [], shipped, benchmarks: [paper], out });
    expect(other.records).toEqual({ accuracy: 0, speed: 0, vision: 0, skipped: 0 });
    expect(readFileSync(other.index, 'utf8')).not.toContain('Nothing has been run yet');
  });
});
