import { densePlan, randomWeights, vimSpec } from '@vssm/families';
import { modelSegments } from '@vssm/families/graph';
import { segmentNames } from '@vssm/graph';
import { Arena, createMemory } from '@vssm/kernels';
import { describe, expect, it } from 'vitest';
import { createSession, onnxRuntime } from '../ort.ts';

describe('memory shared by ONNX Runtime and the kernels', () => {
  it('is read and written in place', async () => {
    const spec = vimSpec({ width: 32, depth: 1, imageHeight: 32, imageWidth: 32, classes: 3 });
    const { innerWidth: E, stateSize: N, dtRank: r } = spec;
    const rows = 7;
    const session = await createSession(
      modelSegments(spec, randomWeights(spec), densePlan).projections(0),
      1,
    );
    const { Tensor } = await onnxRuntime();
    const arena = new Arena(createMemory());
    arena.reserve(1 << 20);
    const tensor = (width: number) => {
      const view = arena.float32(rows * width).view();
      return new Tensor('float32', view, [rows, width]);
    };
    const inputs = { u_forward: tensor(E), u_backward: tensor(E) };
    const outputs = {
      projected_forward: tensor(r + 2 * N),
      projected_backward: tensor(r + 2 * N),
      delta_forward: tensor(E),
      delta_backward: tensor(E),
    };
    expect(Object.keys(inputs)).toEqual([segmentNames.u('forward'), segmentNames.u('backward')]);
    // Written through the memory after the tensors were made: a tensor that copied would not see it.
    const values = (t: (typeof inputs)['u_forward']) => t.data as Float32Array;
    new Float32Array(arena.memory.buffer, values(inputs.u_forward).byteOffset, rows * E).fill(1);
    new Float32Array(arena.memory.buffer, values(inputs.u_backward).byteOffset, rows * E).fill(-1);

    const results = await session.run(inputs, outputs);
    for (const [name, { data }] of Object.entries(outputs)) {
      const { byteOffset, length, buffer } = data as Float32Array;
      expect(buffer).toBe(arena.memory.buffer);
      // Nobody touched this address but ONNX Runtime; what it returns besides is a copy that nothing reads.
      const inMemory = new Float32Array(arena.memory.buffer, byteOffset, length);
      expect(inMemory.some((value) => value !== 0)).toBe(true);
      expect(inMemory).toEqual(results[name].data);
    }
    await session.release();
  });
});
