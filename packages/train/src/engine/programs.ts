/** The programs of the traces that one model and plan need, each written once and shared by the blocks of its length. */
import type { TrainableSpec } from '@vssm/families';
import { gradientOf } from '../autodiff/gradient.ts';
import { Program } from '../autodiff/program.ts';
import type { Trace } from '../autodiff/trace.ts';
import type { HeadShape, Selection, TrainingFamily } from '../family.ts';
import { trainingOf } from '../table.ts';
import { streamNames, type TrainingTask } from '../task.ts';

export interface Programs {
  readonly embed: Program;
  readonly embedGradient: Program;
  /** By block. */
  readonly projections: readonly Program[];
  readonly projectionsGradient: readonly Program[];
  /** By block, but the last. */
  readonly next: readonly Program[];
  readonly nextGradient: readonly Program[];
  /** Loss, logits and gradient in one. */
  readonly head: Program;
  /** Floats of working memory, enough for each of them. */
  readonly workspace: number;
}

/** A block's rows, and what is selected of them by the segment that follows. */
export interface BlockRows {
  readonly rows: number;
  readonly selection: Selection;
  /** Whether the head reads them as they leave. */
  readonly leaves: boolean;
}

/** @param head its `rows` and `selection` are the last block's, or rows of the class tokens */
export function writePrograms(task: TrainingTask, blocks: readonly BlockRows[], head: HeadShape): Programs {
  const spec = task.backbone;
  const traces = new GradientTraces(trainingOf(spec), spec);
  const written = new Map<string, Program>();
  const program = (key: string, trace: () => Trace): Program => {
    const one = written.get(key) ?? new Program(trace());
    written.set(key, one);
    return one;
  };
  const keyOf = (block: BlockRows) => JSON.stringify(block);
  const followed = blocks.slice(0, -1);
  const programs = {
    embed: program('embed', () => traces.embed(head.batch)),
    embedGradient: program('embedGradient', () => traces.embedGradient(head.batch)),
    projections: blocks.map(({ rows }) => program(`projections ${rows}`, () => traces.projections(rows))),
    projectionsGradient: blocks.map(({ rows }) =>
      program(`projectionsGradient ${rows}`, () => traces.projectionsGradient(rows)),
    ),
    next: followed.map((block) => program(`next ${keyOf(block)}`, () => traces.next(block))),
    nextGradient: followed.map((block) =>
      program(`nextGradient ${keyOf(block)}`, () => traces.nextGradient(block)),
    ),
    head: program('head', () => headTrace(task, head)),
  };
  return { ...programs, workspace: Math.max(1, ...[...written.values()].map(({ workspace }) => workspace)) };
}

/** The head and its gradient, by what it reads of the blocks and by its weights. */
function headTrace({ head, headWeights, headStatistics }: TrainingTask, shape: HeadShape): Trace {
  const streams = shape.streams.map(({ block }) => streamNames.leaving(block));
  return gradientOf(head(shape), {
    from: ['loss'],
    to: ['y', 'residual', ...streams, ...Object.keys(headWeights)],
    forward: ['loss', 'logits', ...Object.keys(headStatistics)],
  });
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

  next({ rows, selection, leaves }: BlockRows): Trace {
    return this.#family.segments.next(this.#spec, rows, selection, leaves);
  }

  nextGradient(block: BlockRows): Trace {
    return gradientOf(this.next(block), {
      from: ['next_residual', 'xz', ...(block.leaves ? ['leaving'] : [])],
      to: ['y', 'residual', ...Object.keys(this.#weights.next(0))],
      saved: ['next_residual'],
    });
  }

  get #weights() {
    return this.#family.weights(this.#spec);
  }
}
