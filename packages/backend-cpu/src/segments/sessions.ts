/** The ONNX sessions of one Vim's segments. Which plan and which batch they serve is decided at run time. */
import type { VimSpec, Weights } from '@vssm/core';
import { embedSegment, headSegment, nextSegment, projectionSegment } from '@vssm/graph';
import type { InferenceSession } from 'onnxruntime-node';
import { createSession } from '../ort.ts';

export interface SegmentSessions {
  readonly embed: InferenceSession;
  /** One per block. */
  readonly projections: readonly InferenceSession[];
  /** One per block but the last. */
  readonly next: readonly InferenceSession[];
  readonly head: InferenceSession;
}

export async function createSegmentSessions(
  spec: VimSpec,
  weights: Weights,
  threads: number,
): Promise<SegmentSessions> {
  const open: InferenceSession[] = [];
  const create = async (model: Uint8Array) => {
    const session = await createSession(model, threads, { shareCores: true });
    open.push(session);
    return session;
  };
  try {
    const embed = await create(embedSegment(spec, weights));
    const projections: InferenceSession[] = [];
    const next: InferenceSession[] = [];
    for (let block = 0; block < spec.depth; block++) {
      projections.push(await create(projectionSegment(spec, weights, block)));
      if (block < spec.depth - 1) next.push(await create(nextSegment(spec, weights, block)));
    }
    return { embed, projections, next, head: await create(headSegment(spec, weights)) };
  } catch (error) {
    for (const session of open) await session.release();
    throw error;
  }
}

export async function releaseSegmentSessions(sessions: SegmentSessions): Promise<void> {
  for (const session of [sessions.embed, ...sessions.projections, ...sessions.next, sessions.head]) {
    await session.release();
  }
}
