/**
 * The sessions of one model's segments, in whichever binding of ONNX Runtime. They are made one after another: in a
 * browser the runtime refuses more at once. Which schedule and which batch they serve is decided at run time.
 */
import type { Segments } from './common/segments.ts';

export interface SegmentSessions<Session> {
  readonly embed: Session;
  /** One per block; none where they were left out. */
  readonly projections: readonly Session[];
  /** By block, of those that end in a convolution on the grid. */
  readonly outProjections: ReadonlyMap<number, Session>;
  /** One per block but the last. */
  readonly next: readonly Session[];
  readonly head: Session;
}

interface Releasable {
  release(): Promise<void>;
}

/**
 * Gives back what is open already where one of them fails.
 *
 * @param options.projections false: left out, for whoever multiplies by himself
 */
export async function openSegments<Session extends Releasable>(
  segments: Segments,
  depth: number,
  createSession: (model: Uint8Array) => Promise<Session>,
  options: { readonly projections?: boolean } = {},
): Promise<SegmentSessions<Session>> {
  const open: Session[] = [];
  const create = async (model: Uint8Array) => {
    const session = await createSession(model);
    open.push(session);
    return session;
  };
  try {
    const embed = await create(segments.embed());
    const projections: Session[] = [];
    const outProjections = new Map<number, Session>();
    const next: Session[] = [];
    for (let block = 0; block < depth; block++) {
      if (options.projections !== false) projections.push(await create(segments.projections(block)));
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

/** Gives back every session, one after another. */
export async function releaseSegments(sessions: SegmentSessions<Releasable>): Promise<void> {
  const { embed, projections, outProjections, next, head } = sessions;
  for (const session of [embed, ...projections, ...outProjections.values(), ...next, head]) {
    await session.release();
  }
}
