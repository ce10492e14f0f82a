/** Vim's convolution and scan in WGSL against their TypeScript twins, each run alone in a real browser. */
import type { Direction } from '@vssm/core';
import { convReference, scanReference } from '@vssm/kernels';
import {
  convShader,
  encodeShape,
  packConvWeights,
  packScanParameters,
  rowGrid,
  type SequenceShape,
  scanGrid,
  scanShader,
} from '@vssm/kernels/wgsl';
import { describe, expect, it } from 'vitest';
import { withBrowser } from './test-support/browser.ts';
import { gappyPositions, Layout, largestDifference, runShader, spread } from './test-support/shader.ts';

const floats = (buffer: ArrayBuffer) => new Float32Array(buffer);
const zeros = (count: number) => new Float32Array(count);
const shapeOf = (shape: Partial<SequenceShape> & Pick<SequenceShape, 'length'>) =>
  encodeShape({ kept: shape.length, tapStride: 0, gapStride: 0, ...shape });

/** float32 sums of up to 20 terms around 1, and exp and division that are good to a few units in the last place. */
const closeEnough = 3e-6;

await withBrowser(async (browser) => {
  const tab = await browser.openTab();

  describe('convolution', () => {
    const cases = [
      { channels: 70, taps: 4, length: 19, batch: 2, positional: false },
      { channels: 70, taps: 4, length: 19, batch: 2, positional: true },
      { channels: 64, taps: 3, length: 5, batch: 3, positional: true },
      { channels: 3, taps: 8, length: 2, batch: 1, positional: false },
      { channels: 5, taps: 1, length: 1, batch: 1, positional: true },
    ];
    it.each(cases)('$channels channels, $taps taps, $length tokens, positional $positional', async (own) => {
      const { channels, taps, length, batch, positional } = own;
      const rows = batch * length;
      const xz = spread(rows * 2 * channels, -3, 3, 1);
      const parameters = [2, 4].map((seed) => ({
        weight: spread(channels * taps, -1, 1, seed),
        bias: spread(channels, -1, 1, seed + 1),
      }));
      const positions = positional ? gappyPositions(batch, length) : Int32Array.from({ length }, (_, i) => i);
      const outputs = await runShader(
        tab,
        convShader(own),
        [
          shapeOf({ length, tapStride: positional ? length : 0 }),
          xz,
          packConvWeights(own, parameters[0], parameters[1]),
          positions,
          zeros(rows * channels),
          zeros(rows * channels),
        ],
        rowGrid(channels, length, batch),
      );
      for (const [i, direction] of (['forward', 'backward'] as const).entries()) {
        const layout = new Layout();
        const expected = {
          batch,
          length,
          channels,
          taps,
          direction,
          x: { at: layout.place(xz), stride: 2 * channels },
          weight: layout.place(parameters[i].weight),
          bias: layout.place(parameters[i].bias),
          u: { at: 0, stride: channels },
          ...(positional && { positions: layout.place(positions) }),
        };
        expect(largestDifference(floats(outputs[i]), convReference(layout.buffer, expected))).toBeLessThan(
          closeEnough,
        );
      }
    });
  });

  describe('scan', () => {
    interface Case {
      readonly channels: number;
      readonly states: number;
      readonly length: number;
      readonly batch: number;
      readonly dtRank: number;
      readonly gaps: boolean;
      /** Range of Δ before its bias. */
      readonly delta: readonly [number, number];
    }
    const usual: Case = {
      channels: 70,
      states: 16,
      length: 37,
      batch: 2,
      dtRank: 3,
      gaps: true,
      delta: [-6, 1],
    };

    /** Runs kernel and twin on the same numbers. */
    async function scanBoth(own: Case, pass: Parameters<typeof scanShader>[1]) {
      const { channels, states, length, batch, dtRank, gaps } = own;
      const rows = batch * length;
      const columns = dtRank + 2 * states;
      const projected = spread(rows * columns, -1, 1, 1);
      const delta = spread(rows * channels, ...own.delta, 2);
      const u = spread(rows * channels, -1, 2, 3);
      const y = spread(rows * channels, -1, 1, 4);
      const xz = spread(rows * 2 * channels, -4, 4, 5);
      const parameters = {
        aLog: spread(channels * states, -2, 2.7, 6),
        deltaBias: spread(channels, -5, 1, 7),
        d: spread(channels, -1, 1, 8),
      };
      const positions = gaps ? gappyPositions(batch, length) : Int32Array.from({ length }, (_, i) => i);
      const { direction, gate } = pass;
      const leaves = gate?.leaves;
      if (typeof direction === 'number') throw new Error('the snakes have their own test');
      const shape = shapeOf({ length, gapStride: gaps ? length : 0 });
      const outputs = await runShader(
        tab,
        scanShader(own, pass),
        [
          shape,
          projected,
          delta,
          u,
          packScanParameters(own, parameters),
          positions,
          y,
          ...(gate ? [xz] : []),
          ...(leaves ? [zeros(rows * channels)] : []),
        ],
        scanGrid(own, batch),
      );
      const layout = new Layout();
      const at = layout.place(projected);
      const options = {
        batch,
        length,
        channels,
        states,
        direction,
        b: { at: at + 4 * dtRank, stride: columns },
        c: { at: at + 4 * (dtRank + states), stride: columns },
        delta: { at: layout.place(delta), stride: channels },
        u: { at: layout.place(u), stride: channels },
        deltaBias: layout.place(parameters.deltaBias),
        a: layout.place(parameters.aLog.map((value) => -Math.exp(value))),
        d: layout.place(parameters.d),
        y: { at: layout.place(y), stride: channels },
        ...(gaps && { positions: layout.place(positions) }),
        ...(gate && {
          accumulate: true,
          gate: { z: { at: layout.place(xz) + 4 * channels, stride: 2 * channels }, scale: gate.scale },
        }),
        ...(leaves === 'gated-backward' && { ownGated: true }),
      };
      // What the first direction left, which the sum before the gate contains.
      return { outputs, before: y, expected: scanReference(layout.buffer, options) };
    }

    const cases: readonly (readonly [string, Partial<Case>])[] = [
      ['gaps', {}],
      ['no gaps', { gaps: false }],
      ['8 states, one channel', { states: 8, channels: 1 }],
      ['6 states, not a multiple of 4', { states: 6, channels: 64 }],
      ['64 states, 65 channels', { states: 64, channels: 65, length: 9 }],
      ['one token', { length: 1 }],
      ['Δ where softplus is linear', { delta: [15, 40], gaps: false }],
      ['Δ next to nothing', { delta: [-20, -8] }],
    ];
    for (const direction of ['forward', 'backward'] as const satisfies readonly Direction[]) {
      for (const last of [false, true]) {
        it.each(cases)(`${direction}${last ? ', last' : ''}: %s`, async (_, special) => {
          const own = { ...usual, ...special };
          const { outputs, expected } = await scanBoth(own, {
            direction,
            accumulate: last,
            ...(last && { gate: { scale: 0.5 } }),
          });
          const scale = expected.y.reduce((max, value) => Math.max(max, Math.abs(value)), 1);
          expect(largestDifference(floats(outputs[0]), expected.y)).toBeLessThan(closeEnough * scale);
        });
      }
    }

    it('of a Δ that is tiny everywhere is exact in relative terms', async () => {
      const own: Case = { ...usual, delta: [-14, -13], gaps: false };
      const { outputs, expected } = await scanBoth(own, {
        direction: 'forward',
        accumulate: false,
      });
      expect(largestDifference(floats(outputs[0]), expected.y)).toBeLessThan(1e-6);
    });

    it.each(['ssm', 'gated-backward'] as const)('leaves %s for a rule', async (leaves) => {
      const pass = { direction: 'backward', accumulate: true, gate: { scale: 0.5, leaves } } as const;
      const { outputs, before, expected } = await scanBoth(usual, pass);
      const want = leaves === 'ssm' ? expected.own.map((value, i) => value + before[i]) : expected.own;
      const scale = want.reduce((max, value) => Math.max(max, Math.abs(value)), 1);
      expect(largestDifference(floats(outputs[1]), want)).toBeLessThan(closeEnough * scale);
      const largest = expected.y.reduce((max, value) => Math.max(max, Math.abs(value)), 1);
      expect(largestDifference(floats(outputs[0]), expected.y)).toBeLessThan(closeEnough * largest);
    });
  });
});
