import { describe, expect, it } from 'vitest';
import { UserError } from '../../errors.ts';
import { completePlan } from '../plan.ts';
import { refuseRuleFile, registerRule, ruleOf } from './loaded.ts';
import type { ScoringRule, TokenContext } from './rule.ts';
import { scoreTokens, unmergedSizes } from './score-tokens.ts';

const context: TokenContext = {
  ...{ length: 3, channels: 2, states: 1, width: 1, fullLength: 9, block: 4, step: 0, sample: 7 },
  ...{
    positions: Int32Array.of(1, 4, 6),
    sizes: unmergedSizes(3),
    protectedTokens: Int32Array.of(0),
    classToken: 0,
    live: null,
  },
};
let count = 0;

/** Scores of three tokens by a rule as a user may have written it. */
function scoresOf(rule: Omit<ScoringRule, 'name'>): ArrayLike<number> {
  const sha256 = String(++count).padStart(64, '0');
  registerRule({ name: 'mine', sha256, file: './mine.ts', rule: { name: 'mine', ...rule } });
  const plan = completePlan({ schedule: [{ after: 4, keep: 0.5 }], rule: { name: 'mine', sha256 } });
  return scoreTokens(plan, context, {
    gated: () => Float32Array.of(3, -4, 0, 2, 1, 0),
    u: () => [new Float32Array(6)],
  });
}

describe('a rule from a file', () => {
  it('may return any array of numbers', () => {
    expect(scoresOf({ signals: [], score: () => [3, 1, 2] })).toEqual([3, 1, 2]);
    expect(scoresOf({ signals: ['u'], score: ({ u, length }) => u[0].subarray(0, length) })).toHaveLength(3);
  });

  it('may leave the sum over channels to the project’s reductions', () => {
    const expected = { clip: [3, 2, 1], sum: [-1, 2, 1], l1: [7, 2, 1], l2: [5, 2, 1] } as const;
    for (const [how, scores] of Object.entries(expected)) {
      const own = scoresOf({
        signals: ['gated'],
        score: ({ gated, reduce }) => reduce(gated, how as keyof typeof expected),
      });
      expect(Array.from(own), how).toEqual(scores);
    }
    // Of any width: each token's row of one number.
    const narrow = scoresOf({
      signals: ['gated'],
      score: ({ gated, reduce }) => reduce(gated.subarray(0, 3), 'l1'),
    });
    expect(Array.from(narrow)).toEqual([3, 4, 0]);
  });

  const wrong: readonly (readonly [string, Omit<ScoringRule, 'name'>, string])[] = [
    ['too few', { signals: [], score: () => [1, 2] }, 'returned 2 scores for 3 tokens; return one per token'],
    [
      'NaN',
      { signals: [], score: () => [1, Number.NaN, 2] },
      'returned NaN for token 1; every score is a finite',
    ],
    ['an infinity', { signals: [], score: () => [1, 2, Infinity] }, 'returned Infinity for token 2'],
    ['a hole', { signals: [], score: () => Array(3) }, 'returned undefined for token 0'],
    ['text', { signals: [], score: () => ['1', '2', '3'] as never }, 'returned 1 for token 0'],
    ['nothing', { signals: [], score: () => undefined as never }, 'returned undefined; return one number'],
    ['a promise', { signals: [], score: async () => [1] } as never, 'returned Promise; return one number'],
    [
      'a throw',
      {
        signals: [],
        score() {
          throw new TypeError('no such thing');
        },
      },
      'score() threw TypeError: no such thing',
    ],
    [
      'a reduction that there is not',
      { signals: ['gated'], score: ({ gated, reduce }) => reduce(gated, 'max' as never) },
      'reduce: there is no reduction "max", only clip, sum, l1, l2',
    ],
    [
      'half a signal',
      { signals: ['gated'], score: ({ gated, reduce }) => reduce(gated.subarray(1), 'l1') },
      'reduce: 5 numbers are no rows of 3 tokens; give a whole signal',
    ],
    [
      'a signal that it does not name',
      { signals: ['u'], score: ({ gated }) => gated },
      'threw Error: it reads "gated", which its signals (u) do not name',
    ],
  ];
  it.each(wrong)('%s is an error with file, block and image', (_, rule, message) => {
    const attempt = () => scoresOf(rule);
    expect(attempt).toThrow(UserError);
    expect(attempt).toThrow('rule ./mine.ts, after block 4, image 7: ');
    expect(attempt).toThrow(message);
  });

  it('that was never loaded is refused by name and hash', () => {
    const rule = { name: 'theirs', sha256: 'f'.repeat(64) };
    expect(() => ruleOf(completePlan({ schedule: [], rule }))).toThrow(
      `rule "theirs": the file with SHA-256 ${rule.sha256} is not loaded here; name it with --rule FILE`,
    );
  });

  it('goes with no option of built-in rules, and is refused where only those run', () => {
    const rule = { name: 'mine', sha256: '0'.repeat(64) };
    expect(() => completePlan({ schedule: [], rule, reduce: 'l1' })).toThrow('reduce and order do not apply');
    expect(() => completePlan({ schedule: [], rule, signal: 'gated' })).toThrow('go together');
    expect(() => completePlan({ schedule: [], signal: 'file' })).toThrow('go together');
    expect(() => refuseRuleFile(completePlan({ schedule: [], rule }), 'WebGPU')).toThrow(
      'WebGPU cannot run a rule from a file (mine): --rule goes with',
    );
    expect(() => refuseRuleFile(completePlan({ schedule: [] }), 'WebGPU')).not.toThrow();
  });
});
