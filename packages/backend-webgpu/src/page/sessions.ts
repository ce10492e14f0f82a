/** The ONNX sessions of one model's segments, made one after another: the runtime refuses more at once. */
import type { Segments } from '@vssm/graph';
import type { InferenceSession } from 'onnxruntime-web';

export interface SegmentSessions {
  readonly embed: InferenceSession;
  /** One per block. */
  readonly projections: readonly InferenceSession[];
  /** One per block; undefined where `next` begins with the output projection. */
  readonly outProjections: readonly (InferenceSession | undefined)[];
  /** One per block but the last. */
  readonly next: readonly InferenceSession[];
  readonly head: InferenceSession;
}

export async function createSegmentSessions(
  segments: Segments,
  depth: number,
  createSession: (model: Uint8Array) => Promise<InferenceSession>,
): Promise<SegmentSessions> {
  const open: InferenceSession[] = [];
  const create = async (model: Uint8Array) => {
    const session = await createSession(model);
    open.push(session);
    return session;
  };
  try {
    const embed = await create(segments.embed());
    const projections: InferenceSession[] = [];
    const outProjections: (InferenceSession | undefined)[] = [];
    const next: InferenceSession[] = [];
    for (let block = 0; block < depth; block++) {
      projections.push(await create(segments.projections(block)));
      const outProjection = segments.outProjection(block);
      outProjections.push(outProjection && (await create(outProjection)));
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
  for (const session of [embed, ...projections, ...outProjections, ...next, head]) await session?.release();
}
