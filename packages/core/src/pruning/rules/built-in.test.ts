import { describe, expect, it } from 'vitest';
import { completePlan } from '../plan.ts';
import { type BuiltInRule, builtInRules, signals } from './built-in.ts';
import { ruleOf } from './loaded.ts';
import { pairTokens } from './pair-tokens.ts';
import { reduceSignal, reductions, reductionTable } from './reductions.ts';
import type { TokenContext } from './rule.ts';
import { type SignalSource, scoreTokens, unmergedSizes } from './score-tokens.ts';

const gated = Float64Array.of(1, -2, 3, -4, 0, 0); // 3 tokens, 2 channels
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
const shape = {
  ...{ length: 10, channels: 3, states: 2, width: 5 },
  ...{ projectionSets: 1, directions: 1, protectedTokens: 1, leaving: 4 },
};
const planOf = (options: Parameters<typeof completePlan>[0] | object) =>
  completePlan({ schedule: [{ after: 4, keep: 0.5 }], ...options });
const scores = (options: object, own: Partial<TokenContext> = {}, source: SignalSource = {}) =>
  Array.from(scoreTokens(planOf(options), { ...context, ...own }, { gated: () => gated, ...source }));

describe('reductions', () => {
  it.each([
    ['clip', [1, 3, 0]],
    ['sum', [-1, -1, 0]],
    ['l1', [3, 7, 0]],
    ['l2', [Math.sqrt(5), 5, 0]],
  ] as const)('%s', (reduce, expected) => {
    expect([...reduceSignal(gated, 3, 2, reductionTable[reduce])]).toEqual(expected);
    expect(scores({ reduce })).toEqual(expected);
  });

  it.each(reductions)('%s costs what its definition says, of every signal that it reduces', (reduce) => {
    const { perElement, perToken } = reductionTable[reduce].flops;
    for (const signal of signals.filter((name) => builtInRules[name].reduced)) {
      const { flops } = ruleOf(planOf({ signal, reduce }));
      expect(flops!(shape)).toBe(30 * perElement + 10 * perToken);
    }
  });
});

describe('built-in rules', () => {
  it('mirrored gives token i the score of token L-1-i', () => {
    expect(scores({ reduce: 'clip', order: 'mirrored' })).toEqual([0, 3, 1]);
  });

  it('the EViT rule is the dot product with the class token, or with the mean of the living', () => {
    expect(scores({ signal: 'evit' })).toEqual([5, 11, 0]);
    const nobody = { protectedTokens: new Int32Array(0), classToken: null };
    expect(scores({ signal: 'evit' }, { ...nobody, live: Uint8Array.of(1, 1, 0) })).toEqual([8, 18, 0]);
  });

  it('the EViT rule is the dot product with the mean of several registers, whoever else lives', () => {
    const registers = { protectedTokens: Int32Array.of(0, 1), classToken: null };
    expect(scores({ signal: 'evit' }, { ...registers, live: Uint8Array.of(1, 1, 0) })).toEqual([8, 18, 0]);
    const others = { protectedTokens: Int32Array.of(1, 2), classToken: null };
    expect(scores({ signal: 'evit' }, others)).toEqual([5.5, 12.5, 0]);
  });

  it('random looks its scores up by position', () => {
    const all = scores({ signal: 'random', seed: 3 }, { positions: Int32Array.of(0, 1, 2) });
    const some = scores({ signal: 'random', seed: 3 }, { positions: Int32Array.of(2, 1, 8) });
    expect(some.slice(0, 2)).toEqual([all[2], all[1]]);
  });

  it.each(signals)('%s asks for the signals that its definition names, and for no other', (signal) => {
    const asked: string[] = [];
    const values: SignalSource = {
      ...{ gated: () => gated, 'gated-backward': () => gated, ssm: () => gated, hidden: () => gated },
      ...{ contributions: () => gated, delta: () => [gated], residual: () => gated },
    };
    const source = new Proxy(values, {
      get: (_, name) => {
        asked.push(String(name));
        return Reflect.get(values, name);
      },
    });
    const plan = planOf({ signal });
    if (ruleOf(plan).score === undefined)
      pairTokens(plan, { ...context, grid: { height: 1, width: 3 } }, source, 1);
    else scoreTokens(plan, context, source);
    const { signals: own, pairs, leavesGrid }: BuiltInRule = builtInRules[signal];
    const named = pairs === undefined || leavesGrid === true ? own : [...own, 'hidden'];
    expect(asked).toEqual(named);
    expect(ruleOf(plan).signals).toEqual(named);
  });
});
