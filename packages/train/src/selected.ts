/** The first thing of a segment that follows a scan: the tokens that a pruning step lets go on. */
import type { Trace, Value } from './autodiff/trace.ts';
import type { Selection } from './family.ts';

/** A function from a stream to what goes on of it. */
export function selected(g: Trace, selection: Selection, rows: number): (stream: Value) => Value {
  switch (selection.kind) {
    case 'all':
      return (stream) => stream;
    case 'gather': {
      const kept = g.rowNumbers('kept', selection.rowsAfter);
      return (stream) => g.gatherRows(stream, kept);
    }
    case 'mask': {
      const live = g.input('live', [rows, 1]);
      return (stream) => g.mul(stream, live);
    }
    default:
      throw selection satisfies never;
  }
}
