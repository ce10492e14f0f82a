/**
 * A trace as calls of the kernels, on float32 numbers in their memory. Nothing is copied on the way in or out; what is
 * computed in between lies in one stretch of working memory, where later values take the place of those that nobody
 * reads any more. Parts, transpositions and repetitions of a value are views of it, and a product takes along what is
 * added to it.
 */
import type { Kernels } from '@vssm/kernels';
import { type Home, layOut } from './memory-plan.ts';
import { ProgramWriter, type Step } from './program-writer.ts';
import type { Trace, Value } from './trace.ts';

/** Row-major numbers at byte offset `at`: float32, or int32 for row numbers. */
export interface Placement {
  readonly at: number;
  readonly shape: readonly number[];
}

export class Program {
  readonly #trace: Trace;
  readonly #steps: readonly Step[];
  readonly #homes: ReadonlyMap<Value, Home>;
  /** Floats of working memory that a run needs. */
  readonly workspace: number;

  constructor(trace: Trace) {
    const writer = new ProgramWriter(trace);
    const { homes, size } = layOut(trace, writer.steps);
    this.#trace = trace;
    this.#steps = writer.steps;
    this.#homes = homes;
    this.workspace = size;
  }

  /**
   * @param workspace byte offset of the working memory, whose content does not matter
   * @param inputs may name more than the trace reads
   * @param outputs must not overlap each other, an input or the working memory
   */
  run(
    kernels: Kernels,
    workspace: number,
    inputs: Readonly<Record<string, Placement>>,
    outputs: Readonly<Record<string, Placement>>,
  ): void {
    const addresses = new Map<Value, number>();
    for (const [value, home] of this.#homes) {
      if (home.kind === 'working') addresses.set(value, workspace + 4 * home.first);
      else {
        const places = home.kind === 'input' ? inputs : outputs;
        addresses.set(value, this.#placed(places, home.name, value));
      }
    }
    const at = (value: Value) => addresses.get(value)!;
    const out = (name: string) => this.#placed(outputs, name, this.#trace.outputs.get(name)!);
    for (const step of this.#steps) step.run(kernels, at, out);
  }

  #placed(places: Readonly<Record<string, Placement>>, name: string, { shape }: Value): number {
    const place = places[name];
    const size = (of: readonly number[]) => of.reduce((product, length) => product * length, 1);
    if (place === undefined || size(place.shape) !== size(shape)) {
      throw new Error(`${this.#trace.name}: "${name}" is [${place?.shape}], expected [${shape}]`);
    }
    return place.at;
  }
}
