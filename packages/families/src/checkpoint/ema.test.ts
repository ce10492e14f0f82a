import { readCheckpoint } from '@vssm/checkpoints';
import { testdata } from '@vssm/checkpoints/test-support';
import { describe, expect, it } from 'vitest';
import { loadModel } from './load.ts';

describe('a checkpoint with the buffers of an EMA hook', () => {
  const path = testdata('ema-hook.pth');

  it('gives the plain tensors, and lists the buffers as ignored', async () => {
    const { spec, weights, ignored } = loadModel(await readCheckpoint(path));
    expect(spec).toMatchObject({ family: 'plainmamba', width: 8, depth: 2, classes: 5 });
    expect(weights.get('head.fc.bias')!.data[0]).toBe(Math.fround(0.07747942954301834));
    const buffers = ignored.filter((note) => note.endsWith(': kept by an EMA hook; --key ema loads it'));
    expect(buffers).toHaveLength(47);
    expect(buffers).toContain('ema_head_fc_bias: kept by an EMA hook; --key ema loads it');
  });

  // Its maker added 0.01 to each parameter.
  it.each(['ema', 'state_dict.ema'])('gives the averages with --key %s', async (key) => {
    const plain = loadModel(await readCheckpoint(path)).weights;
    const averaged = loadModel(await readCheckpoint(path, { key })).weights;
    expect([...averaged.keys()]).toEqual([...plain.keys()]);
    expect(averaged.get('head.fc.bias')!.data[0]).toBe(Math.fround(0.08747942745685577));
    for (const [name, { data }] of plain) {
      const added = /running_(mean|var)$/.test(name) ? 0 : 0.01;
      const own = averaged.get(name)!.data;
      for (const [i, value] of data.entries()) expect(own[i] - value, name).toBeCloseTo(added, 6);
    }
  });
});
