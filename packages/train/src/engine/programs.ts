/** The sessions of the traces that one model and plan need, each opened once and shared by the blocks of its length. */
import { MemorySession } from '@vssm/backend-cpu';
import type { TrainableSpec } from '@vssm/families';
import type { WasmMemory } from '@vssm/kernels';
import { gradientOf } from '../autodiff/gradient.ts';
import { onnxModel } from '../autodiff/onnx.ts';
import type { Trace } from '../autodiff/trace.ts';
import type { HeadShape, Selection, TrainingFamily } from '../family.ts';
import { trainingOf } from '../table.ts';

export interface Programs {
  readonly embed: MemorySession;
  readonly embedGradient: MemorySession;
  /** By block. */
  readonly projections: readonly MemorySession[];
  readonly projectionsGradient: readonly MemorySession[];
  /** By block, but the last. */
  readonly next: readonly MemorySession[];
  readonly nextGradient: readonly MemorySession[];
  /** Loss, logits and gradient in one. */
  readonly head: MemorySession;
  release(): Promise<void>;
}

/** A block's rows, and what is selected of them by the segment that follows. */
export interface BlockRows {
  readonly rows: number;
  readonly selection: Selection;
}

/** @param head its `rows` and `selection` are the last block's, or rows of the class tokens */
export async function openPrograms(
  spec: TrainableSpec,
  blocks: readonly BlockRows[],
  head: HeadShape,
  memory: WasmMemory,
): Promise<Programs> {
  const traces = new GradientTraces(trainingOf(spec), spec);
  const open = new Map<string, MemorySession>();
  const session = async (key: string, trace: () => Trace): Promise<MemorySession> => {
    let one = open.get(key);
    if (one === undefined) {
      one = await MemorySession.open(onnxModel(trace()), memory);
      open.set(key, one);
    }
    return one;
  };
  const release = async () => {
    for (const one of open.values()) await one.release();
  };
  try {
    const embed = await session('embed', () => traces.embed(head.batch));
    const embedGradient = await session('embedGradient', () => traces.embedGradient(head.batch));
    const projections: MemorySession[] = [];
    const projectionsGradient: MemorySession[] = [];
    const next: MemorySession[] = [];
    const nextGradient: MemorySession[] = [];
    for (const [block, { rows, selection }] of blocks.entries()) {
      projections.push(await session(`projections ${rows}`, () => traces.projections(rows)));
      projectionsGradient.push(
        await session(`projectionsGradient ${rows}`, () => traces.projectionsGradient(rows)),
      );
      if (block === blocks.length - 1) break;
      const key = `${rows} ${JSON.stringify(selection)}`;
      next.push(await session(`next ${key}`, () => traces.next(rows, selection)));
      nextGradient.push(await session(`nextGradient ${key}`, () => traces.nextGradient(rows, selection)));
    }
    const last = await session('head', () => traces.head(head));
    return {
      embed,
      embedGradient,
      projections,
      projectionsGradient,
      next,
      nextGradient,
      head: last,
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** The traces of a family's segments, and their gradients by the weights that they read. */
class GradientTraces<Spec extends TrainableSpec> {
  readonly #family: TrainingFamily<Spec>;
  readonly #spec: Spec;

  constructor(family: TrainingFamily<Spec>, spec: Spec) {
    this.#family = family;
    this.#spec = spec;
  }

  embed(batch: number): Trace {
    return this.#family.segments.embed(this.#spec, batch);
  }

  embedGradient(batch: number): Trace {
    return gradientOf(this.embed(batch), {
      from: ['next_residual', 'xz'],
      to: Object.keys(this.#weights.embed),
      saved: ['next_residual'],
    });
  }

  projections(rows: number): Trace {
    return this.#family.segments.projections(this.#spec, rows, false);
  }

  projectionsGradient(rows: number): Trace {
    const of = (...parts: readonly string[]) =>
      this.#family.projectionSets.flatMap((set) => parts.map((part) => `${part}_${set}`));
    return gradientOf(this.#family.segments.projections(this.#spec, rows, true), {
      from: of('projected', 'delta', 'passed'),
      to: [...of('u'), ...Object.keys(this.#weights.projections(0))],
      saved: of('projected'),
    });
  }

  next(rows: number, selection: Selection): Trace {
    return this.#family.segments.next(this.#spec, rows, selection);
  }

  nextGradient(rows: number, selection: Selection): Trace {
    return gradientOf(this.next(rows, selection), {
      from: ['next_residual', 'xz'],
      to: ['y', 'residual', ...Object.keys(this.#weights.next(0))],
      saved: ['next_residual'],
    });
  }

  head(shape: HeadShape): Trace {
    return gradientOf(this.#family.segments.head(this.#spec, shape), {
      from: ['loss'],
      to: ['y', 'residual', ...Object.keys(this.#weights.head)],
      forward: ['loss', 'logits'],
    });
  }

  get #weights() {
    return this.#family.weights(this.#spec);
  }
}
