import { decodeModel } from '@vssm/graph';
import { describe, expect, it } from 'vitest';
import { wholeModel } from '../../graph/whole.ts';
import { pruningPlan } from '../../plan.ts';
import { randomWeights } from '../../random-weights.ts';
import { plainMambaSpec } from '../spec.ts';

const spec = plainMambaSpec({
  width: 16,
  depth: 3,
  stemConvs: 1,
  stemWidth: 8,
  imageHeight: 30,
  imageWidth: 24,
  patchSize: 8,
  depthwiseLayers: [1],
  classes: 4,
});
const weights = randomWeights(spec);
const dense = pruningPlan({ schedule: [] }, 'plainmamba');
const pruned = pruningPlan({ schedule: [{ after: 1, keep: 0.5 }], signal: 'random' }, 'plainmamba');
const operators = (bytes: Uint8Array) => decodeModel(bytes).graph.node.map(({ op_type }) => op_type);
const count = (bytes: Uint8Array, type: string) => operators(bytes).filter((op) => op === type).length;

describe('whole PlainMamba as ONNX', () => {
  it('declares a dynamic batch and static lengths: half of a grid of 4 x 3, no parity rule', () => {
    const { graph } = decodeModel(wholeModel(spec, weights, pruned));
    const shapes = [...graph.input, ...graph.output].map(({ name, type }) => [
      name,
      type.tensor_type.shape.dim.map((dim) => ('dim_param' in dim ? dim.dim_param : dim.dim_value)),
    ]);
    expect(Object.fromEntries(shapes)).toEqual({
      input: ['batch', 3, 30, 24],
      random_scores: ['batch', 1, 12],
      logits: ['batch', 4],
      'kept.1': ['batch', 6],
    });
  });

  it('scans four times a layer, in either spelling', () => {
    expect(count(wholeModel(spec, weights, dense, { scan: 'linear-attention' }), 'LinearAttention')).toBe(
      4 * spec.depth,
    );
    const standard = wholeModel(spec, weights, dense, { scan: 'scan' });
    expect(count(standard, 'Scan')).toBe(4 * spec.depth);
    expect(decodeModel(standard).graph.node.every(({ domain }) => !domain)).toBe(true);
  });

  it('folds every BatchNorm into its convolution and resizes the position embedding', () => {
    const { graph } = decodeModel(wholeModel(spec, weights, dense));
    const names = graph.initializer.map(({ name }) => name);
    expect(names.filter((name) => name!.includes('running_'))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
    const positions = graph.initializer.find(({ name }) => name === 'backbone.pos_embed.resized')!;
    expect(positions.dims).toEqual([12, 16]);
  });

  it('costs a dense model, and a step that keeps all, no selection', () => {
    const all = pruningPlan({ schedule: [{ after: 1, keep: 1 }] }, 'plainmamba');
    for (const plan of [dense, all]) {
      const own = operators(wholeModel(spec, weights, plan));
      for (const type of ['TopK', 'GatherND', 'ScatterElements', 'Where', 'Pad'])
        expect(own).not.toContain(type);
    }
  });

  it('works out each pruned snake once for all later layers', () => {
    // The selection and its sorting, then each direction's order and its inverse.
    expect(count(wholeModel(spec, weights, pruned), 'TopK')).toBe(2 + 4 * 2);
  });

  it('refuses what exists for Vim only', () => {
    const mirrored = pruningPlan({ schedule: [{ after: 1, keep: 0.5 }], order: 'mirrored' });
    expect(() => wholeModel(spec, weights, mirrored)).toThrow('not for PlainMamba');
  });
});
