/** The ONNX sessions around the mixers of a backbone's blocks; they serve every image size. */
import type { Weights } from '@vssm/core';
import type { PlainMambaSpec } from '@vssm/families';
import { kernelImplementation } from '@vssm/kernels';
import type { VimTapsSpec } from '@vssm/vision-tasks';
import {
  geluStage,
  plainMambaEnterStage,
  plainMambaLeaveStage,
  vimEnterStage,
  vimLeaveStage,
} from '@vssm/vision-tasks/graph';
import { StageSession } from './stage.ts';

export interface BlockSessions {
  readonly enter: StageSession;
  readonly leave: StageSession;
}

async function blockSessions(
  depth: number,
  threads: number,
  stage: (block: number) => { readonly enter: Uint8Array; readonly leave: Uint8Array },
): Promise<readonly BlockSessions[]> {
  const sessions: BlockSessions[] = [];
  for (let block = 0; block < depth; block++) {
    const { enter, leave } = stage(block);
    sessions.push({
      enter: await StageSession.create(enter, threads),
      leave: await StageSession.create(leave, threads),
    });
  }
  return sessions;
}

/** None where native kernels do their work. */
export async function plainMambaSessions(
  spec: PlainMambaSpec,
  weights: Weights,
  threads: number,
): Promise<readonly BlockSessions[]> {
  if ((await kernelImplementation()) === 'native') return [];
  return blockSessions(spec.depth, threads, (layer) => ({
    enter: plainMambaEnterStage(spec, weights, layer),
    leave: plainMambaLeaveStage(spec, weights, layer),
  }));
}

export function vimSessions(
  taps: VimTapsSpec,
  weights: Weights,
  threads: number,
): Promise<readonly BlockSessions[]> {
  return blockSessions(taps.spec.depth, threads, (block) => ({
    enter: vimEnterStage(taps, weights, block),
    leave: vimLeaveStage(taps.spec, weights, block),
  }));
}

export async function geluSession(width: number, threads: number): Promise<StageSession> {
  return StageSession.create(geluStage(width), threads);
}
