/**
 * The signal `hidden` by ONNX Runtime: the output projection of a mixer, on the blocks that are followed by a step of a
 * rule that reads it. The segment after the step projects what is left once more, which costs less than keeping apart
 * what was projected before tokens went.
 */
import { sequenceLength } from '@vssm/families';
import { GraphBuilder } from '@vssm/graph';
import type { Arena } from '@vssm/kernels';
import type { InferenceSession } from 'onnxruntime-node';
import { createSession } from '../ort.ts';
import type { Floats } from './buffers.ts';
import type { FamilyContext, Hooks, Projection } from './family.ts';
import { namesOf } from './hand-out.ts';
import type { SessionRunner } from './runner.ts';

const names = { y: 'y', hidden: 'hidden' } as const;

interface HiddenOptions {
  readonly runner: SessionRunner;
  readonly arena: Arena;
  /** E, and most rows. */
  readonly channels: number;
  readonly rows: number;
  readonly threads: number;
}

export class HiddenSignal {
  readonly #runner: SessionRunner;
  readonly #channels: number;
  readonly #width: number;
  readonly #sessions: ReadonlyMap<number, InferenceSession>;
  /** [rows, d] */
  readonly region: Floats;

  /** @param projections by block, 0-based; at least one */
  static async create(
    { runner, arena, channels, rows, threads }: HiddenOptions,
    projections: ReadonlyMap<number, Projection>,
  ): Promise<HiddenSignal> {
    const sessions = new Map<number, InferenceSession>();
    let width = 0;
    for (const [block, projection] of projections) {
      width = projection.weight.length / channels;
      const model = projectionModel(projection, channels, width);
      sessions.set(block, await createSession(model, threads, { shareCores: true }));
    }
    return new HiddenSignal(runner, channels, width, sessions, arena.float32(rows * width));
  }

  constructor(
    runner: SessionRunner,
    channels: number,
    width: number,
    sessions: ReadonlyMap<number, InferenceSession>,
    region: Floats,
  ) {
    this.#runner = runner;
    this.#channels = channels;
    this.#width = width;
    this.#sessions = sessions;
    this.region = region;
  }

  /** y [rows, E] → the region's first rows. */
  async run(block: number, rows: number, y: Floats): Promise<void> {
    await this.#runner.run(
      this.#sessions.get(block)!,
      { [names.y]: this.#runner.tensor(y, [rows, this.#channels]) },
      { [names.hidden]: this.#runner.tensor(this.region, [rows, this.#width]) },
    );
  }

  async dispose(): Promise<void> {
    for (const session of this.#sessions.values()) await session.release();
  }
}

/** Sessions for what only some rules read; undefined for the others. */
export async function hiddenSignal(
  context: FamilyContext,
  hooks: Hooks,
  threads: number,
): Promise<HiddenSignal | undefined> {
  const { spec, plan, runner, arena, batch } = context;
  if (!namesOf(context).has('hidden')) return undefined;
  const blocks = plan.schedule.map(({ after }) => after - 1);
  return HiddenSignal.create(
    { runner, arena, threads, channels: spec.innerWidth, rows: batch * sequenceLength(spec) },
    new Map(blocks.map((block) => [block, hooks.outProjection(block)])),
  );
}

function projectionModel({ weight, bias }: Projection, channels: number, width: number): Uint8Array {
  const g = new GraphBuilder('hidden');
  const y = g.input(names.y, 'F32', ['rows', channels]);
  const parameters = [g.weight('weight', [width, channels], weight)];
  if (bias !== undefined) parameters.push(g.weight('bias', [width], bias));
  g.op('Gemm', [y, ...parameters], { name: names.hidden, attributes: { transB: 1 } });
  g.output(names.hidden, 'F32', ['rows', width]);
  return g.model();
}
