import {
  densePlan,
  type ModelSpec,
  modelFlops,
  models,
  type PlainMambaSpec,
  plainMambaModels,
  pruningPlan,
  type SegmentPart,
  sequenceLength,
  stemSize,
  vimModels,
  vimSpec,
} from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { partCost } from './part-costs.ts';

const perBlock: readonly SegmentPart[] = ['convolution', 'projections', 'scan'];

/** Operations of everything that the segments form runs. */
function allFlops(spec: ModelSpec, plan: typeof densePlan): number {
  const flops = (part: SegmentPart, block: number) => partCost(spec, plan, part, block, 1).flops;
  let total = flops('embed', 1) + flops('head', spec.depth);
  for (let block = 1; block <= spec.depth; block++) {
    for (const part of perBlock) total += flops(part, block);
    if (plan.schedule.some(({ after }) => after === block)) total += flops('pruning', block);
    if (block < spec.depth) total += flops('inter-scan', block);
  }
  return total;
}

const small = vimModels['vim-small'];

describe('the operations of all parts', () => {
  it('are the strict profile, less the last output projection of all tokens but one', () => {
    const { width, innerWidth } = small;
    const spared = (sequenceLength(small) - 1) * 2 * innerWidth * width;
    expect(allFlops(small, densePlan)).toBe(modelFlops(small, densePlan, 'strict').total - spared);
  });

  it('are less by every output projection that runs on the kept tokens alone', () => {
    const plan = pruningPlan({ schedule: [{ after: 10, keep: 0.8 }] });
    const tiny = vimModels['vim-tiny'];
    const { width, innerWidth } = tiny;
    const spared = (197 - 157 + 157 - 1) * 2 * innerWidth * width;
    expect(allFlops(tiny, plan)).toBe(modelFlops(tiny, plan, 'strict').total - spared);
  });
});

it('the operations of all parts of a VideoMamba, whose directions are summed, are the strict profile too', () => {
  const spec = models['videomamba-tiny'];
  const spared = (sequenceLength(spec) - 1) * 2 * spec.innerWidth * spec.width;
  expect(allFlops(spec, densePlan)).toBe(modelFlops(spec, densePlan, 'strict').total - spared);
});

describe('the operations of all parts of a PlainMamba', () => {
  /** BatchNorm is folded into weights: no multiplication after a stem convolution, nothing after a layer's own. */
  const folded = (spec: PlainMambaSpec) => {
    const { height, width } = stemSize(spec);
    const stem = (1 + spec.stemConvs) * height * width * spec.stemWidth;
    return stem + spec.depthwiseLayers.length * 2 * sequenceLength(spec) * spec.width;
  };

  it.each(Object.values(plainMambaModels))('are the strict profile of width $width, norms folded', (spec) => {
    expect(allFlops(spec, densePlan)).toBe(modelFlops(spec, densePlan, 'strict').total - folded(spec));
  });

  it('are less by every output projection that runs on the kept tokens alone', () => {
    const spec = plainMambaModels['plainmamba-l1'];
    const plan = pruningPlan({ schedule: [{ after: 10, keep: 0.8 }] }, 'plainmamba');
    const { width, innerWidth } = spec;
    const spared = (196 - 157) * (2 * innerWidth * width + 2 * width);
    expect(allFlops(spec, plan)).toBe(modelFlops(spec, plan, 'strict').total - folded(spec) - spared);
  });
});

describe('the bytes of a part', () => {
  // d = 2, E = 4, r = 1, N = 1, taps 4; 2x2 image of one channel, patch 1: 5 tokens; 3 classes
  const spec = vimSpec({
    width: 2,
    depth: 2,
    imageHeight: 2,
    imageWidth: 2,
    inChannels: 1,
    patchSize: 1,
    stride: 1,
    stateSize: 1,
    classes: 3,
  });

  it.each<[SegmentPart, values: number, parameters: number]>([
    ['embed', 4 + 10 + 40, 2 + 2 + 10 + 2 + 16],
    ['convolution', 80, 40],
    ['projections', 80 + 30, 24 + 8],
    ['scan', 2 * (40 + 10) + 80, 24],
    ['inter-scan', 20 + 20 + 40, 8 + 2 + 16],
    ['head', 6 + 3, 8 + 2 + 6 + 3],
  ])('%s: its values once, its parameters once a batch', (part, values, parameters) => {
    expect(partCost(spec, densePlan, part, 1, 1).bytes).toBe(4 * (values + parameters));
    expect(partCost(spec, densePlan, part, 1, 8).bytes).toBe(4 * (values + parameters / 8));
  });

  it('follow the tokens: those that enter before a step, those that are kept after it', () => {
    const plan = pruningPlan({ schedule: [{ after: 1, keep: 0.5 }] });
    expect(partCost(spec, plan, 'scan', 1, 1).tokens).toBe(5);
    expect(partCost(spec, plan, 'inter-scan', 1, 1)).toMatchObject({
      tokens: 3,
      bytes: 4 * (3 * (4 + 2 + 2 + 8) + 26),
    });
    expect(partCost(spec, plan, 'pruning', 1, 1)).toMatchObject({ tokens: 5, bytes: 4 * (5 + 2 * 3 * 6) });
    expect(partCost(spec, plan, 'scan', 2, 1).tokens).toBe(3);
  });
});
