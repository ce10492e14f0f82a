/** The ONNX sessions of one model's segments. Which schedule and which batch they serve is decided at run time. */
import type { Segments } from '@vssm/graph';
import type { InferenceSession } from 'onnxruntime-node';
import { createSession } from '../ort.ts';

export interface SegmentSessions {
  readonly embed: InferenceSession;
  /** One per block. */
  readonly projections: readonly InferenceSession[];
  /** Of the blocks that end in a convolution on the grid. */
  readonly outProjections: ReadonlyMap<number, InferenceSession>;
  /** One per block but the last. */
  readonly next: readonly InferenceSession[];
  readonly head: InferenceSession;
}

export async function createSegmentSessions(
  segments: Segments,
  depth: number,
  threads: number,
): Promise<SegmentSessions> {
  const open: InferenceSession[] = [];
  const create = async (model: Uint8Array) => {
    const session = await createSession(model, threads, { shareCores: true });
    open.push(session);
    return session;
  };
  try {
    const embed = await create(segments.embed());
    const projections: InferenceSession[] = [];
    const outProjections = new Map<number, InferenceSession>();
    const next: InferenceSession[] = [];
    for (let block = 0; block < depth; block++) {
      projections.push(await create(segments.projections(block)));
      const outProjection = segments.outProjection(block);
      if (outProjection !== undefined) outProjections.set(block, await create(outProjection));
      if (block < depth - 1) next.push(await create(segments.next(block)));
    }
    return { embed, projections, outProjections, next, head: await create(segments.head()) };
  } catch (error) {
    for (const session of open) await session.release();
    throw error;
  }
}

export async function releaseSegmentSessions(sessions: SegmentSessions): Promise<void> {
  const { embed, projections, outProjections, next, head } = sessions;
  for (const session of [embed, ...projections, ...outProjections.values(), ...next, head]) {
    await session.release();
  }
}
