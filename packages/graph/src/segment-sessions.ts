/**
 * The sessions of one model's segments, in whichever binding of ONNX Runtime. They are made one after another: in a
 * browser the runtime refuses more at once. Which schedule and which batch they serve is decided at run time.
 */
import type { Segments } from './common/segments.ts';

export interface SegmentSessions<Session> {
  readonly embed: Session;
  /** One per block; none where they were left out. */
  readonly projections: readonly Session[];
  /** By block, of those that end in a convolution on the grid; none where they were left out. */
  readonly outProjections: ReadonlyMap<number, Session>;
  /** By block, of all but the last; none where they were left out. */
  readonly next: ReadonlyMap<number, Session>;
  readonly head: Session;
}

interface Releasable {
  release(): Promise<void>;
}

/**
 * Gives back what is open already where one of them fails.
 *
 * @param options.products false: what is products and norms alone is left out, for whoever multiplies by himself: the end
 *   of `embed`, the projections, and of `next` all but what follows a convolution on the grid
 */
export async function openSegments<Session extends Releasable>(
  segments: Segments,
  depth: number,
  createSession: (model: Uint8Array) => Promise<Session>,
  { products = true }: { readonly products?: boolean } = {},
): Promise<SegmentSessions<Session>> {
  const open: Session[] = [];
  const create = async (model: Uint8Array) => {
    const session = await createSession(model);
    open.push(session);
    return session;
  };
  try {
    const embed = await create(segments.embed({ enter: products }));
    const projections: Session[] = [];
    const outProjections = new Map<number, Session>();
    const next = new Map<number, Session>();
    for (let block = 0; block < depth; block++) {
      if (products) projections.push(await create(segments.projections(block)));
      const convolved = segments.endsInConvolution(block);
      if (products && convolved) outProjections.set(block, await create(segments.outProjection(block)));
      if (block < depth - 1 && (products || convolved)) next.set(block, await create(segments.next(block)));
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
  for (const session of [embed, ...projections, ...outProjections.values(), ...next.values(), head]) {
    await session.release();
  }
}
