import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../evidence.ts';
import { FileSet } from '../../files.ts';
import { PairedComparison } from '../../paired.ts';
import { everySection } from '../../test-support/made-up-everything.ts';
import { headlineSpeed, timeSaved } from './costs.ts';
import { reproduction } from './reproduction.ts';

const evidence = everySection();

function lines(of: Evidence): Map<string, string[]> {
  const { body } = reproduction({ evidence: of, files: new FileSet(), paired: new PairedComparison() });
  const [, rows = ''] =
    /<table class="claims-table">[\s\S]*?<tbody>([\s\S]*?)<\/tbody>/.exec(body.text) ?? [];
  const plain = (text: string) =>
    text
      .replace(/<[^>]+>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim();
  return new Map(
    rows
      .trim()
      .split('</tr>')
      .filter((row) => row.includes('<td'))
      .map((row) => {
        const [claim, ...cells] = row.split('<td').map((cell) => plain(`<td${cell}`));
        return [claim, cells];
      }),
  );
}

const starting = (found: Map<string, string[]>, words: string) =>
  [...found].find(([claim]) => claim.startsWith(words))?.[1];

describe('does it reproduce?', () => {
  it('has one line for each claim, with ours beside the paper’s', () => {
    const found = lines(evidence);
    expect(starting(found, 'GFLOPs')![0]).toMatch(/^(yes|in part)$/);
    expect(starting(found, 'GFLOPs')![1]).toMatch(/^\d of \d to the last decimal/);
    expect(starting(found, 'Alignment')).toEqual([
      'in part in miniature',
      '+2.00 at keep 0.7 (+1.25 to +2.75); +0.10 at keep 0.5 (−1.00 to +1.20) points; 2 comparisons',
      'ViM-S: 75.4 S → 78.8 S PlainMamba-L3: 79.3 S → 81.7 S',
    ]);
    expect(starting(found, 'The EViT rule')![0]).toBe('yes in miniature');
    expect(starting(found, 'The EViT rule')![1]).toMatch(
      / points lost at most \(keep .*\), ToP .* there; more than ToP at 3 of 3 keep ratios$/,
    );
    expect(starting(found, 'The EViT rule')![2]).toBe('more than 68 points lost on ViM-S S');
    expect(starting(found, 'ToP keeps most of the top-1')!.slice(0, 2)).toEqual([
      'not run',
      'ImageNet-1K and trained weights are not here',
    ]);
  });

  it('says nothing of claims where nothing was run', () => {
    const nothing = {
      ...{ accuracy: [], speed: [], vision: [], skipped: [] },
      ...{ finetuning: [], segmenterFinetuning: [] },
    };
    expect(lines({ ...evidence, ...nothing }).size).toBe(0);
  });

  it('speaks of the paper’s model in its speed, not of the fastest', () => {
    const faster = evidence.speed.map((entry) => {
      const { record } = entry;
      const isTiny = record.speedup !== null && record.model.name === 'vim-tiny';
      const speedup = isTiny ? { ...record.speedup!, median: 9 } : record.speedup;
      // Speed rows of the suite answer no row of the paper.
      return { ...entry, record: { ...record, speedup, paper: null } };
    });
    expect(headlineSpeed({ speed: faster })?.entry.record.model.name).toBe('vim-small');
  });

  it.each([
    ['reproduced', [0.91, 0.92, 1, 1.1, 1.2]],
    ['undecided', [0.8, 0.85, 0.95, 1, 1.1]],
    ['in part', [0.75, 0.8, 0.82, 0.85, 1.2]],
    ['undecided', [0.5, 0.55, 0.8, 0.85, 1.2]],
    ['not reproduced', [0.4, 0.45, 0.5, 0.55, 1.2]],
  ] as const)(
    'calls time saved by the middle half of the rounds: %s at %j of what is promised',
    (outcome, shares) => {
      const { promised } = headlineSpeed(evidence)!.gain;
      // 0.55 of it is no gain at all, 0.8 is one.
      expect(promised).toBeGreaterThan(1.3);
      expect(promised).toBeLessThan(1.8);
      const speed = evidence.speed.map((entry) => {
        const { record } = entry;
        if (record.speedup === null) return entry;
        const samplesMs = record.speedup.denseSamplesMs.map((ms, at) => ms / (promised * shares[at]));
        const speedup = { ...record.speedup, median: promised * shares[2] };
        return { ...entry, record: { ...record, samplesMs, speedup } };
      });
      expect(timeSaved({ ...evidence, speed })?.outcome).toBe(outcome);
      if (outcome !== 'undecided') return;
      expect(starting(lines({ ...evidence, speed }), 'FLOPs saved become')![0]).toBe('not decided here');
    },
  );
});
