import { describe, expect, it } from 'vitest';
import { FileSet } from '../files.ts';
import { html } from '../html.ts';
import { ablationChart } from './ablation.ts';
import { blockTimesChart } from './block-times.ts';
import { csv, figure, renderSvg, sizes } from './chart.ts';
import { lengthsChart } from './lengths.ts';
import { rooflineChart } from './roofline.ts';
import { speedupChart, timeChart } from './speed.ts';
import { textWidth } from './text-width.ts';
import { chartConfig } from './theme.ts';
import { tradeoffChart } from './tradeoff.ts';

const words = { id: 'x', title: 'x', alt: 'x', note: html`x` };

const point = { method: 'dense', low: null, high: null, label: '', line: null, source: 'x' } as const;

const half = { low: 0.9, high: 1.2 };

const charts = {
  ablation: ablationChart({
    ...words,
    bars: [
      { variant: 'a', series: 'keep 0.7', top1: 60, low: 58, high: 62, images: 10 },
      { variant: 'b, c', series: 'keep 0.7', top1: 40, low: 38, high: 42, images: 10 },
    ],
    dense: 80,
  }),
  time: timeChart({ ...words, bars: [{ name: 'a', dense: true, medianMs: 10, low: 9, high: 12 }] }),
  speedup: speedupChart({
    ...words,
    bars: [{ name: 'a', measured: 1.3, low: 1.2, high: 1.4, promised: 1.5 }],
  }),
  roofline: rooflineChart({
    ...words,
    roof: { gflopsPerSecond: 100, gigabytesPerSecond: 25 },
    points: [
      { name: 'scan', colour: 'accent1', intensity: 12, gflopsPerSecond: 30, share: 0.4 },
      { name: 'products', colour: 'series1', intensity: 70, gflopsPerSecond: 90, share: 0.55 },
      { name: 'gather', colour: 'accent3', intensity: 0.2, gflopsPerSecond: 2, share: 0.05 },
    ],
  }),
  blocks: blockTimesChart({
    ...words,
    parts: [
      { part: 'products', colour: 'series1' },
      { part: 'scan', colour: 'accent1' },
    ],
    times: ['dense', 'pruned'].flatMap((plan, index) =>
      [1, 2].flatMap((block) => [
        { plan, block, part: 'products', ms: 2 - index, tokens: 9 },
        { plan, block, part: 'scan', ms: 1, tokens: 9 },
      ]),
    ),
  }),
  lengths: lengthsChart({
    ...words,
    axis: 'µs per token',
    column: 'us',
    lines: [],
    points: [
      { model: 'a', tokens: 197, value: 1, text: '1', ...half },
      { model: 'a', tokens: 4097, value: 1.1, text: '1.1', ...half },
    ],
  }),
  memory: lengthsChart({
    ...words,
    axis: 'GB',
    column: 'gb',
    lines: [{ model: 'a', intercept: 0.5, slope: 1e-4 }],
    points: [
      { model: 'a', tokens: 197, value: 0.6, low: 0.6, high: 0.6, text: '0.6' },
      { model: 'a', tokens: 4097, value: 0.9, low: 0.9, high: 0.9, text: '0.9' },
    ],
  }),
  tradeoff: tradeoffChart({
    ...words,
    points: [
      { ...point, origin: 'published', gflops: 1, top1: 70, name: 'p', label: 'P', line: 'published' },
      { ...point, origin: 'published', gflops: 5, top1: 80, name: 'q', line: 'published' },
      { ...point, origin: 'measured', gflops: 3, top1: 75, name: 'm', method: 'top', low: 74, high: 76 },
    ],
  }),
};

/** One decimal: enough to see a change, too few for a platform's rounding to show. */
const rounded = (svg: string) => svg.replace(/-?\d+\.\d{2,}/g, (number) => Number(number).toFixed(1));

describe.each(Object.entries(charts))('the %s chart', (name, chart) => {
  it.each(sizes)('is drawn $name as before', async (size) => {
    const svg = await renderSvg({ ...chart.spec(size), config: chartConfig });
    expect(svg).toContain(`width="${size.width}"`);
    await expect(`${rounded(svg).replaceAll('><', '>\n<')}\n`).toMatchFileSnapshot(
      `../../testdata/${name}.${size.name}.svg`,
    );
  });
});

describe('a hostile name', () => {
  it('stays text in the picture', async () => {
    const bars = [{ name: '</text><script>x</script>', dense: true, medianMs: 1, low: 1, high: 1 }];
    const svg = await renderSvg(timeChart({ ...words, bars }).spec(sizes[0]));
    expect(svg).not.toContain('<script');
    expect(svg).toContain('&lt;script&gt;');
  });

  it('holds nothing in the files that a viewer would obey or XML forbids', async () => {
    const bars = [{ name: 'a\u001b[31m\u202eb', dense: true, medianMs: 1, low: 1, high: 1 }];
    const files = new FileSet();
    const { text } = await figure(timeChart({ ...words, bars }), files);
    const written = files.paths
      .filter((path) => !path.endsWith('.csv'))
      .map((path) => String(files.content(path)));
    for (const content of [text, ...written])
      expect(content.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\u202e/u);
    const { data } = JSON.parse(String(files.content('charts/x.vl.json')));
    expect(JSON.stringify(data)).toContain('a\\\\x1b[31m\\\\u202eb');
    expect(files.content('charts/x.wide.svg')).toContain('a\\x1b[31m\\u202eb');
  });
});

describe('csv', () => {
  it('quotes what needs it and defuses formulas', () => {
    expect(
      csv([
        { a: 'x,"y"', b: 1.5, c: null },
        { a: '=1+1', b: -2, c: 'z' },
      ]),
    ).toBe('a,b,c\r\n"x,""y""",1.5,\r\n\'=1+1,-2,z\r\n');
  });
});

describe('textWidth', () => {
  it('knows wide letters from narrow ones', () => {
    expect(textWidth('mmm')).toBeGreaterThan(2 * textWidth('iii'));
  });
});
