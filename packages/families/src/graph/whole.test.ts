import { dataTypes, decodeModel, GraphBuilder } from '@vssm/graph';
import { describe, expect, it } from 'vitest';
import { pruningPlan } from '../plan.ts';
import { randomWeights } from '../random-weights.ts';
import { vimSpec } from '../vim/spec.ts';
import { wholeModel } from './whole.ts';

const spec = vimSpec({
  width: 16,
  depth: 3,
  imageHeight: 32,
  imageWidth: 32,
  patchSize: 8,
  stride: 8,
  classes: 4,
});
const weights = randomWeights(spec);
const schedule = [{ after: 1, keep: 0.5 }];
const operators = (bytes: Uint8Array) => decodeModel(bytes).graph.node.map(({ op_type }) => op_type);

describe('whole Vim as ONNX', () => {
  it('declares a dynamic batch and static lengths', () => {
    const { graph } = decodeModel(wholeModel(spec, weights, pruningPlan({ schedule })));
    const shapes = [...graph.input, ...graph.output].map(({ name, type }) => [
      name,
      type.tensor_type.shape.dim.map((dim) => ('dim_param' in dim ? dim.dim_param : dim.dim_value)),
    ]);
    expect(Object.fromEntries(shapes)).toEqual({
      input: ['batch', 3, 32, 32],
      logits: ['batch', 4],
      'kept.1': ['batch', 9],
    });
  });

  it('has its logits first, then the kept positions in the order of the steps', () => {
    const plan = pruningPlan({ schedule: [1, 2, 3].map((after) => ({ after, keep: 0.8 })) });
    const { graph } = decodeModel(wholeModel(spec, weights, plan));
    expect(graph.output.map(({ name }) => name)).toEqual(['logits', 'kept.1', 'kept.2', 'kept.3']);
  });

  it('refuses weights that one encoded file cannot hold', () => {
    const g = new GraphBuilder('large');
    const shared = new Float32Array(2 ** 22);
    for (let i = 0; i < 60; i++) g.weight(`w${i}`, [shared.length], shared);
    expect(() => g.model()).toThrow('take 1.01 GB, one encoded ONNX file holds at most 1 GB here');
    expect(g.modelWithData({}, 'large.data').data.at(-1)).toHaveLength(shared.byteLength);
  });

  it('carries spec, plan and the caller’s metadata', () => {
    const plan = pruningPlan({ schedule });
    const { metadata_props } = decodeModel(
      wholeModel(spec, weights, plan, { metadata: { 'vssm.source_sha256': 'abc' } }),
    );
    const metadata = Object.fromEntries(metadata_props.map(({ key, value }) => [key, value]));
    expect(JSON.parse(metadata['vssm.spec'])).toEqual(spec);
    expect(JSON.parse(metadata['vssm.plan'])).toEqual(plan);
    expect(metadata['vssm.schedule']).toBe('1@0.5');
    expect(metadata['vssm.source_sha256']).toBe('abc');
  });

  it('spells the scan as asked', () => {
    const dense = pruningPlan({ schedule: [] });
    const counts = (bytes: Uint8Array, type: string) => operators(bytes).filter((op) => op === type).length;
    const linear = wholeModel(spec, weights, dense, { scan: 'linear-attention' });
    expect(counts(linear, 'LinearAttention')).toBe(2 * spec.depth);
    expect(decodeModel(linear).opset_import.map(({ domain }) => domain ?? '')).toEqual(['', 'com.microsoft']);
    const scan = wholeModel(spec, weights, dense);
    expect(counts(scan, 'Scan')).toBe(2 * spec.depth);
    expect(decodeModel(scan).graph.node.every(({ domain }) => !domain)).toBe(true);
    expect(decodeModel(scan).opset_import.map(({ domain }) => domain ?? '')).toEqual(['']);
  });

  it('costs a dense model no pruning node', () => {
    const dense = operators(wholeModel(spec, weights, pruningPlan({ schedule: [] })));
    for (const type of ['TopK', 'GatherND', 'ScatterElements', 'Where', 'Pad'])
      expect(dense).not.toContain(type);
  });

  it('stores every weight once, bit for bit', () => {
    const { graph } = decodeModel(wholeModel(spec, weights, pruningPlan({ schedule })));
    const names = graph.initializer.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const stored = graph.initializer.find(({ name }) => name === 'norm_f.weight')!;
    expect(stored.data_type).toBe(dataTypes.F32);
    const values = new Float32Array(Uint8Array.from(stored.raw_data!).buffer);
    expect(values).toEqual(weights.get('norm_f.weight')!.data);
  });

  it('refuses a schedule that the model is too short for', () => {
    const deep = pruningPlan({ schedule: [{ after: 4, keep: 0.5 }] });
    expect(() => wholeModel(spec, weights, deep)).toThrow('the model has 3 blocks');
  });
});
