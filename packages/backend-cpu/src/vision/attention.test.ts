/** Injectors and extractors around the kernel, from stored inputs. The golden data suggest 3e-4 for features in float32. */
import { Arena, createKernels, createMemory, probeNative } from '@vssm/kernels';
import { visionNames } from '@vssm/vision-tasks/graph';
import { goldenVision, maskRcnnMicro, stored } from '@vssm/vision-tasks/test-support';
import { afterAll, describe, expect, it } from 'vitest';
import { allSessions, DeformableAttention, interactionSessions } from './attention.ts';
import { rowsOf } from './blocks.ts';
import { expectWithin, storedRows } from './test-support/golden-stage.ts';

const features = 3e-4;
const golden = await goldenVision('det_mask_rcnn');
const adapter = maskRcnnMicro.backbone;
const { width: d } = adapter.spec;
const sessions = await interactionSessions(adapter, golden.weights, 1);
const native = (await probeNative()).available;

afterAll(async () => {
  for (const session of allSessions(sessions)) await session.dispose();
});

describe.each(native ? (['wasm', 'native'] as const) : (['wasm'] as const))(
  'PlainMamba-Adapter (D1) with its sampling by %s',
  async (implementation) => {
    const arena = new Arena(createMemory());
    const kernels = await createKernels(arena.memory, { implementation });
    const attention = new DeformableAttention(adapter, { arena, kernels });
    const inject = async (block: number, x: Float32Array, references: Float32Array, c: string) => {
      const { inputs, end } = sessions.injectors[block];
      const rows = rowsOf(x, d);
      const sampled = await attention.sample(inputs, rows, references, storedRows(golden, c), 'pyramid');
      const outputs = await end.run({ [visionNames.tokens]: rows, [visionNames.sampled]: sampled });
      return outputs[visionNames.nextTokens].data;
    };

    it.each([
      [0, 'tokens_pos', 'c_cat_with_level_embed'],
      [1, 'inter0.x', 'inter0.c'],
      [2, 'inter1.x', 'inter1.c'],
      [3, 'inter2.x', 'inter2.c'],
    ])('injector %i', async (block, x, c) => {
      const next = await inject(block, stored(golden, x), attention.ownCentres, c);
      expectWithin(next, stored(golden, `inter${block}.injector_out`), features, 'x');
    });

    it('an injector on some of the cells gives those rows', async () => {
      const cells = [0, 7, 8, 20, 41, 47];
      const rows = (data: Float32Array, width: number) =>
        Float32Array.from(cells.flatMap((cell) => [...data.subarray(cell * width, cell * width + width)]));
      const x = rows(stored(golden, 'inter0.x'), d);
      const next = await inject(1, x, rows(attention.ownCentres, 2), 'inter0.c');
      expectWithin(next, rows(stored(golden, 'inter1.injector_out'), d), features, 'x');
    });

    it.each([
      [0, 1, 'c_cat_with_level_embed'],
      [1, 1, 'inter0.c'],
      [2, 1, 'inter1.c'],
      [3, 3, 'inter2.c'],
    ])('extractors of block %i, %i in all', async (block, count, first) => {
      const values = storedRows(golden, `inter${block}.x`);
      let c = storedRows(golden, first);
      expect(sessions.extractors[block].length).toBe(count);
      for (const { inputs, end } of sessions.extractors[block]) {
        const sampled = await attention.sample(inputs, c, attention.centres, values, 'backbone');
        const outputs = await end.run({
          [visionNames.pyramidTokens]: c,
          [visionNames.sampled]: sampled,
          [visionNames.pyramidGrids]: attention.grids,
        });
        c = outputs[visionNames.nextPyramidTokens];
      }
      expectWithin(c.data, stored(golden, `inter${block}.c`), features, 'c');
    });
  },
);
