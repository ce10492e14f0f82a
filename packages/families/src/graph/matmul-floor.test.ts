import { decodeModel } from '@vssm/graph';
import { describe, expect, it } from 'vitest';
import { mambaRegSpec } from '../mambareg/spec.ts';
import { plainMambaSpec } from '../plainmamba/spec.ts';
import { densePlan, pruningPlan } from '../plan.ts';
import { vimSpec } from '../vim/spec.ts';
import { matmulFloor, matmulFloorInputShape, matmulFloorNames } from './matmul-floor.ts';

const image = { imageHeight: 32, imageWidth: 48, patchSize: 16, classes: 5, depth: 3, width: 32 };
const vim = vimSpec({ ...image, stride: 16 });
const plain = plainMambaSpec({ ...image, stemConvs: 2, stemWidth: 8 });

function operators(bytes: Uint8Array): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { op_type } of decodeModel(bytes).graph.node) {
    counts.set(op_type, (counts.get(op_type) ?? 0) + 1);
  }
  return counts;
}

describe('the matrix products alone', () => {
  it('of a Vim: patches, five products and one more direction of two in each block, head', () => {
    const own = operators(matmulFloor(vim, densePlan));
    expect(own.get('MatMul')).toBe(1 + 3 * (1 + 2 * 2 + 1) + 1);
    expect(own.get('Conv')).toBeUndefined();
    expect(matmulFloorInputShape(vim)).toEqual([6, 3 * 256]);
  });

  it('of a PlainMamba: stem, projection, four products in each layer, head', () => {
    const own = operators(matmulFloor(plain, densePlan));
    expect(own.get('Conv')).toBe(1 + 2 + 1);
    expect(own.get('MatMul')).toBe(3 * 4 + 1);
    expect(matmulFloorInputShape(plain)).toEqual([3, 32, 48]);
  });

  it('of a Mamba-Reg: the neck and a classifier over all registers besides', () => {
    const spec = mambaRegSpec({ ...image, stride: 16, registers: 4, reduction: 2 });
    const bytes = matmulFloor(spec, densePlan);
    expect(operators(bytes).get('MatMul')).toBe(1 + 3 * (1 + 2 * 2 + 1) + 2);
    const { initializer } = decodeModel(bytes).graph;
    const shapes = Object.fromEntries(initializer.map(({ name, dims }) => [name, dims.join('x')]));
    expect(shapes).toMatchObject({ neck: '32x16', head: '64x5' });
  });

  it.each([vim, plain])('holds no weight smaller than the model’s: $family', (spec) => {
    const { initializer } = decodeModel(matmulFloor(spec, densePlan)).graph;
    const shapes = initializer.map(({ name, dims }) => [name, dims.join('x')]);
    const { width: d, innerWidth: E, dtRank: r, stateSize: N } = spec;
    const suffix = spec.family === 'vim' ? '.backward' : '.shared';
    expect(Object.fromEntries(shapes)).toMatchObject({
      '2.in_proj': `${d}x${2 * E}`,
      [`2.x_proj${suffix}`]: `${E}x${r + 2 * N}`,
      [`2.dt_proj${suffix}`]: `${r}x${E}`,
      '2.out_proj': `${E}x${d}`,
      head: `${d}x5`,
    });
  });

  it.each([vim, plain])('is shorter after a step, except under mask: $family', (spec) => {
    const slices = (alignment: 'decay' | 'mask') =>
      operators(
        matmulFloor(spec, pruningPlan({ schedule: [{ after: 1, keep: 0.5 }], alignment }, spec.family)),
      ).get('Slice')!;
    expect(slices('decay')).toBe(slices('mask') + 1);
  });

  it('names its input and its output', () => {
    const { graph } = decodeModel(matmulFloor(plain, densePlan));
    expect([graph.input[0].name, graph.output[0].name]).toEqual([
      matmulFloorNames.input,
      matmulFloorNames.output,
    ]);
  });
});
