/** The WGSL kernels of a pruning step against core's selection and their TypeScript twins, in a real browser. */
import {
  reduceSignal,
  reductions,
  reductionTable,
  ruleOf,
  type ScoreOrder,
  type ScoringRule,
  selectTokens,
  type TokenOrder,
  type Tokens,
} from '@vssm/core';
import { pruningPlan } from '@vssm/families';
import { gatherReference } from '@vssm/kernels';
import {
  compactShader,
  dotScoreShader,
  drawnScoresShader,
  encodeShape,
  gatherShader,
  meanRowShader,
  protectedMeanShader,
  rankShader,
  rowGrid,
  type SequenceShape,
  scoresShader,
  zeroShader,
} from '@vssm/kernels/wgsl';
import { describe, expect, it } from 'vitest';
import { withBrowser } from './test-support/browser.ts';
import { gappyPositions, Layout, largestDifference, runShader, spread } from './test-support/shader.ts';

const floats = (buffer: ArrayBuffer) => new Float32Array(buffer);
const zeros = (count: number) => new Float32Array(count);
const ones = (count: number) => new Float32Array(count).fill(1);
const shapeOf = (shape: Partial<SequenceShape> & Pick<SequenceShape, 'length'>) =>
  encodeShape({ kept: shape.length, tapStride: 0, gapStride: 0, ...shape });

await withBrowser(async (browser) => {
  const tab = await browser.openTab();

  describe('selection', () => {
    const batch = 2;
    /** Few different scores, so that ties abound. */
    const scoresOf = (length: number) =>
      Float32Array.from({ length: batch * length }, (_, i) => ((i * 7919) % 5) - 2 + (i % 3 === 0 ? 0.5 : 0));
    interface Case {
      readonly length: number;
      readonly kept: number;
      readonly order: ScoreOrder;
      readonly tokenOrder: TokenOrder;
      /** Default: 1. */
      readonly protectedTokens?: number;
    }
    const cases: readonly Case[] = [
      { length: 197, kept: 157, order: 'aligned', tokenOrder: 'original' },
      { length: 197, kept: 101, order: 'mirrored', tokenOrder: 'original' },
      { length: 65, kept: 45, order: 'mirrored', tokenOrder: 'recentred' },
      { length: 64, kept: 1, order: 'aligned', tokenOrder: 'original' },
      { length: 5, kept: 3, order: 'aligned', tokenOrder: 'recentred' },
      { length: 130, kept: 130, order: 'aligned', tokenOrder: 'original' },
      { length: 1, kept: 1, order: 'aligned', tokenOrder: 'original' },
      { length: 50, kept: 17, order: 'aligned', tokenOrder: 'original', protectedTokens: 0 },
      { length: 208, kept: 101, order: 'aligned', tokenOrder: 'original', protectedTokens: 12 },
      { length: 70, kept: 4, order: 'mirrored', tokenOrder: 'original', protectedTokens: 4 },
    ];

    async function choose(
      { length, kept, order, tokenOrder, protectedTokens: count = 1 }: Case,
      scores: Float32Array<ArrayBuffer>,
      live: Float32Array<ArrayBuffer>,
    ) {
      const shape = encodeShape({
        length,
        kept,
        tapStride: 0,
        gapStride: 0,
        order,
        protectedTokens: count,
      });
      // One stands in the middle; several are spread, other ones in the second image.
      const own = (image: number) =>
        Array.from(
          { length: count },
          (_, i) => Math.floor((length * (i + 1)) / (count + 1)) - (length > 2 ? image : 0),
        );
      const protectedTokens = Uint32Array.from([0, 1].flatMap(own));
      const positions = gappyPositions(batch, length);
      const [chosen] = await runShader(
        tab,
        rankShader(),
        [shape, scores, live, protectedTokens, zeros(batch * length)],
        rowGrid(length, 1, batch),
      );
      const outputs = await runShader(
        tab,
        compactShader(tokenOrder),
        [
          shape,
          floats(chosen),
          protectedTokens,
          positions,
          new Uint32Array(batch * kept),
          new Int32Array(batch * kept),
          new Uint32Array(batch * count),
        ],
        [1, 1, batch],
      );
      for (let image = 0; image < batch; image++) {
        const ranked = scores.slice(image * length, (image + 1) * length);
        if (order === 'mirrored') ranked.reverse();
        const places = positions.slice(image * length, (image + 1) * length);
        const expected = selectTokens(
          ranked,
          places,
          own(image),
          kept,
          tokenOrder,
          (token) => live[image * length + token] === 1,
        );
        const at = image * kept;
        expect([...new Uint32Array(outputs[0]).slice(at, at + kept)]).toEqual([...expected]);
        expect([...new Int32Array(outputs[1]).slice(at, at + kept)]).toEqual(
          [...expected].map((token) => places[token]),
        );
        expect([...new Uint32Array(outputs[2]).slice(image * count, (image + 1) * count)]).toEqual(
          own(image).map((token) => expected.indexOf(token)),
        );
      }
    }

    it.each(cases)(
      '$kept of $length, $order, $tokenOrder, $protectedTokens protected, with ties',
      async (own) => {
        await choose(own, scoresOf(own.length), ones(batch * own.length));
      },
    );

    it('leaves out tokens that no longer live', async () => {
      const length = 65;
      const live = Float32Array.from({ length: batch * length }, (_, i) => (i % 4 === 1 ? 0 : 1));
      await choose({ length, kept: 31, order: 'aligned', tokenOrder: 'original' }, scoresOf(length), live);
    });

    it('keeps as many as it should when scores are not numbers', async () => {
      const length = 65;
      const scores = scoresOf(length).fill(Number.NaN, 3, 60).fill(Number.NEGATIVE_INFINITY, 66, 70);
      const [chosen] = await runShader(
        tab,
        rankShader(),
        [
          shapeOf({ length, kept: 45 }),
          scores,
          ones(batch * length),
          Uint32Array.of(32, 32),
          zeros(batch * length),
        ],
        rowGrid(length, 1, batch),
      );
      const flags = floats(chosen);
      for (const image of [0, 1]) {
        const own = flags.subarray(image * length, (image + 1) * length);
        expect(own.reduce((sum, flag) => sum + flag, 0)).toBe(45);
      }
    });
  });

  describe('whole tokens', () => {
    const [batch, length, width] = [2, 9, 70];
    const rows = spread(batch * length * width, -1, 1, 1);
    const tokensOf = (image: number, protectedTokens: readonly number[]) =>
      ({
        ...{ length, channels: width, protectedTokens: Int32Array.from(protectedTokens), live: null },
        gated: rows.subarray(image * length * width, (image + 1) * length * width),
      }) as unknown as Tokens;

    it.each([
      ['the class token', [[4], [0]]],
      [
        'the mean of registers',
        [
          [1, 4, 7],
          [0, 2, 8],
        ],
      ],
    ])('EViT scores against %s', async (_, own) => {
      const count = own[0].length;
      const shape = shapeOf({ length, protectedTokens: count });
      const [references] = await runShader(
        tab,
        protectedMeanShader(width),
        [shape, rows, Uint32Array.from(own.flat()), zeros(batch * width)],
        rowGrid(width, 1, batch),
      );
      const [scores] = await runShader(
        tab,
        dotScoreShader(width),
        [shape, rows, floats(references), zeros(batch * length)],
        [1, length, batch],
      );
      const rule = ruleOf(pruningPlan({ schedule: [], signal: 'evit' })) as ScoringRule;
      const expected = own.flatMap((tokens, image) => Array.from(rule.score(tokensOf(image, tokens))));
      expect(largestDifference(floats(scores), expected)).toBeLessThan(1e-5);
    });

    it.each(reductions)('a signal reduced by %s', async (reduce) => {
      const [scores] = await runShader(
        tab,
        scoresShader(width, reduce),
        [shapeOf({ length }), rows, zeros(batch * length)],
        [1, length, batch],
      );
      const expected = reduceSignal(rows, batch * length, width, reductionTable[reduce]);
      // 70 terms of order 1, summed in float32.
      const largest = expected.reduce((max, score) => Math.max(max, Math.abs(score)), 1);
      expect(largestDifference(floats(scores), expected)).toBeLessThan(1e-6 * largest);
    });

    it('the mean row is of the tokens that live', async () => {
      const live = Float32Array.from({ length: batch * length }, (_, i) => (i % 3 === 0 ? 0 : 1));
      const [mean] = await runShader(
        tab,
        meanRowShader(width),
        [shapeOf({ length }), rows, live, zeros(batch * width)],
        rowGrid(width, 1, batch),
      );
      const expected = Array.from({ length: batch * width }, (_, i) => {
        const [image, column] = [Math.floor(i / width), i % width];
        const own = Array.from({ length }, (_, token) => image * length + token).filter(
          (row) => live[row] === 1,
        );
        return own.reduce((sum, row) => sum + rows[row * width + column], 0) / own.length;
      });
      expect(largestDifference(floats(mean), expected)).toBeLessThan(1e-6);
    });

    it('drawn scores are looked up by position and step', async () => {
      const [full, steps, step] = [30, 3, 1];
      const drawn = spread(batch * steps * full, 0, 1, 3);
      const positions = gappyPositions(batch, length);
      const [scores] = await runShader(
        tab,
        drawnScoresShader(full, steps, step),
        [shapeOf({ length }), drawn, positions, zeros(batch * length)],
        rowGrid(length, 1, batch),
      );
      const expected = Array.from(positions, (position, i) => {
        const image = Math.floor(i / length);
        return drawn[(image * steps + step) * full + position];
      });
      expect([...floats(scores)]).toEqual(expected);
    });

    it('gathers rows', async () => {
      const kept = 4;
      const indices = Uint32Array.of(0, 3, 4, 8, 1, 2, 5, 7);
      const [gathered] = await runShader(
        tab,
        gatherShader(width),
        [shapeOf({ length, kept }), rows, indices, zeros(batch * kept * width)],
        rowGrid(width, kept, batch),
      );
      const layout = new Layout();
      const from = { at: layout.place(rows), stride: width };
      const at = layout.place(indices);
      const options = { batch, length, kept, width, from, indices: at, to: from };
      expect([...floats(gathered)]).toEqual([...gatherReference(layout.buffer, options)]);
    });

    it('zeroes the rows of tokens that do not live', async () => {
      const live = Float32Array.from({ length: batch * length }, (_, i) => i % 2);
      const [zeroed] = await runShader(
        tab,
        zeroShader(width),
        [shapeOf({ length }), live, rows],
        rowGrid(width, length, batch),
      );
      expect([...floats(zeroed)]).toEqual(
        Array.from(rows, (value, i) => (live[Math.floor(i / width)] === 1 ? value : 0)),
      );
    });
  });
});
