import { describe, expect, it } from 'vitest';
import { gatherEvidence } from '../gather.ts';
import { writeMadeUpRun } from '../test-support/made-up.ts';
import { gainOf } from './speed.ts';

describe('speed', () => {
  it('holds a pruned model against the dense one that it was timed with', () => {
    const { speed } = gatherEvidence([writeMadeUpRun().folder], []);
    const [dense, pruned] = speed;
    expect(gainOf(dense, speed)).toBeNull();
    expect(gainOf(pruned, speed)).toMatchObject({
      measured: pruned.record.speedup?.median,
      promised: dense.record.flops.strict / pruned.record.flops.strict,
    });
    expect(gainOf(pruned, [pruned])).toBeNull();
  });
});
