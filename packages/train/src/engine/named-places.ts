/** What lies where in the kernels' memory, under the names that the traces of a model know it by. */
import { sequenceLength } from '@vssm/families';
import type { Placement } from '../autodiff/program.ts';
import type { SegmentWeights } from '../family.ts';
import { trainingOf } from '../table.ts';
import { streamNames, type TrainingTask } from '../task.ts';
import { type Buffers, placed, type SetBuffers } from './buffers.ts';
import type { FlatParameters, Placements } from './flat-parameters.ts';
import type { BlockRows } from './programs.ts';

interface Parts {
  readonly task: TrainingTask;
  /** Images. */
  readonly batch: number;
  readonly blocks: readonly BlockRows[];
  readonly buffers: Buffers;
  readonly parameters: FlatParameters;
  readonly weights: SegmentWeights;
}

export class NamedPlaces {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What a block begins with. */
  streamsInto(block: number): Placements {
    const { buffers, blocks } = this.#parts;
    const { residual, xz } = buffers.blocks[block];
    const { rows } = blocks[block];
    return { next_residual: placed(residual, rows), xz: placed(xz, rows) };
  }

  /** What a block ends with. */
  streamsOut(block: number): Placements {
    const { buffers, blocks } = this.#parts;
    const { rows } = blocks[block];
    return { y: placed(buffers.y, rows), residual: placed(buffers.blocks[block].residual, rows) };
  }

  /** Of the segment that follows a block. */
  nextInputs(block: number): Placements {
    const { parameters, weights } = this.#parts;
    return {
      ...this.streamsOut(block),
      ...this.selected(block),
      ...parameters.placed(weights.next(block)),
    };
  }

  /** What a segment selects by. */
  selected(block: number): Placements {
    const { buffers, blocks } = this.#parts;
    const { rows, selection } = blocks[block];
    const { kept, live } = buffers.blocks[block];
    switch (selection.kind) {
      case 'all':
        return {};
      case 'gather':
        return { kept: { at: kept, shape: [selection.rowsAfter] } };
      case 'mask':
        return { live: placed(live, rows) };
      default:
        throw selection satisfies never;
    }
  }

  /** What a block lets leave, or its gradient, under a name; nothing where nobody reads it. */
  leaving(block: number, name: string, part: 'tokens' | 'gradient'): Placements {
    const { buffers, blocks } = this.#parts;
    const { leaving } = buffers.blocks[block];
    return leaving === undefined ? {} : { [name]: placed(leaving[part], blocks[block].rows) };
  }

  /** Rows of the taps' cells in their streams. */
  cells(): Placements {
    const { task, batch, buffers } = this.#parts;
    const shape = [batch * sequenceLength(task.backbone)];
    return Object.fromEntries(
      task.taps.map((_, tap) => [streamNames.cells(tap), { at: buffers.cells[tap], shape }]),
    );
  }

  /** The pictures, as the first segment reads them. */
  patches(): Placement {
    const { task, batch, buffers } = this.#parts;
    const [rows] = trainingOf(task.backbone).inputShape(task.backbone);
    return placed(buffers.patches, batch * rows);
  }

  /** What a block's sets of projections have. */
  sets(block: number, parts: readonly (keyof SetBuffers)[]): Placements {
    const { buffers, blocks } = this.#parts;
    const { sets } = buffers.blocks[block];
    return this.bySet((set, name) =>
      Object.fromEntries(
        parts.map((part) => [`${part}_${name}`, placed(sets[set][part], blocks[block].rows)]),
      ),
    );
  }

  /** What is placed for each set of projections. */
  bySet(placements: (set: number, name: string) => Placements): Placements {
    const { projectionSets } = trainingOf(this.#parts.task.backbone);
    return Object.assign({}, ...projectionSets.map((name, set) => placements(set, name)));
  }
}
