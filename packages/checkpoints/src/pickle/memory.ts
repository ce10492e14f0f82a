/**
 * What a pickle's values take in memory, estimated from above. Every operation consumes a byte of the pickle, so work
 * is bounded by the size of the file; but one byte can make an empty dictionary, which is two hundred here.
 */
import { getHeapStatistics } from 'node:v8';
import { UserError } from '@vssm/core';
import { op } from './opcodes.ts';

/** An array, or its growth by one; a dictionary; a call's result, a storage, a copy of bytes. */
const cost = { value: 32, list: 128, dictionary: 256, object: 256 };

const costs = new Map<number, number>([
  ...[op.emptyList, op.emptyTuple, op.emptySet, op.list, op.tuple, op.frozenSet].map(each(cost.list)),
  ...[op.tuple1, op.tuple2, op.tuple3].map(each(cost.list)),
  ...[op.emptyDict, op.dict].map(each(cost.dictionary)),
  ...[op.reduce, op.newObject, op.newObjectKeywords, op.instance, op.object].map(each(cost.object)),
  ...[op.persistentId, op.binPersistentId, op.binBytes, op.shortBinBytes].map(each(cost.object)),
  ...[op.binBytes8, op.byteArray8, op.global, op.stackGlobal].map(each(cost.object)),
]);

function each(bytes: number): (code: number) => [number, number] {
  return (code) => [code, bytes];
}

/** No more than this: V8's maps and sets hold no more entries than fit into it. */
const most = 2 ** 31;

export class PickleMemory {
  private readonly limit: number;
  private spent = 0;

  /** @param limit bytes; default: half of what this process may use */
  constructor(limit = Math.min(most, getHeapStatistics().heap_size_limit / 2)) {
    this.limit = limit;
  }

  /**
   * @param size bytes of the pickle that the operation took
   * @throws UserError beyond the limit
   */
  spend(code: number, size: number): void {
    // Text of one byte a character is kept as such, other text as two.
    this.spent += (costs.get(code) ?? cost.value) + 2 * size;
    if (this.spent > this.limit) {
      throw new UserError(
        `its pickle holds values of some ${Math.round(this.limit / 2 ** 20)} MiB and more, which is half of what this process may use; give it more with NODE_OPTIONS=--max-old-space-size=MIB, or save the state dict alone`,
      );
    }
  }
}
