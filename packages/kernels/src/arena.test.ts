import { describe, expect, it } from 'vitest';
import { Arena } from './arena.ts';
import { workspaceBytes } from './rows.ts';
import { createMemory } from './webassembly.ts';

describe('Arena', () => {
  it('hands out regions that start on cache lines, behind the workspace, and do not overlap', () => {
    const arena = new Arena(createMemory());
    const regions = [arena.float32(3), arena.int32(17), arena.float32(16), arena.float32(1)];
    let end = workspaceBytes;
    for (const { at, length } of regions) {
      expect(at % 64).toBe(0);
      expect(at).toBeGreaterThanOrEqual(end);
      end = at + 4 * length;
    }
    expect(arena.usedBytes).toBeGreaterThanOrEqual(end);
  });

  it('keeps data and addresses over growth; views are made anew', () => {
    const arena = new Arena(createMemory());
    const region = arena.float32(10);
    const before = region.view();
    before.fill(7);
    arena.float32(1_000_000);
    expect(before.length).toBe(0);
    expect([...region.view()]).toEqual(new Array(10).fill(7));
  });

  it('does not grow for what was reserved', () => {
    const arena = new Arena(createMemory());
    arena.reserve(4_000_000);
    const { byteLength } = arena.memory.buffer;
    arena.float32(500_000);
    arena.int32(400_000);
    expect(arena.memory.buffer.byteLength).toBe(byteLength);
  });

  it('refuses to grow beyond its limit, and beyond the memory’s own, and stays usable', () => {
    const arena = new Arena(createMemory(), { limitBytes: 2 ** 21 });
    expect(() => arena.float32(2 ** 21)).toThrow(/arena: \d+ bytes needed, its limit is 2097152/);
    expect(arena.float32(1000).view().length).toBe(1000);
    const small = new Arena(createMemory(2 ** 20));
    expect(() => small.float32(2 ** 19)).toThrow(/arena: the memory cannot grow from 1048576 to \d+ bytes/);
  });

  it('gives back what was taken after a mark', () => {
    const arena = new Arena(createMemory());
    const mark = arena.mark();
    const first = arena.float32(100);
    arena.release(mark);
    expect(arena.float32(50).at).toBe(first.at);
    const later = arena.mark();
    arena.release(mark);
    expect(() => arena.release(later)).toThrow(/lies beyond/);
  });

  it('refuses sizes that are not counts', () => {
    const arena = new Arena(createMemory());
    for (const count of [0, -1, 1.5, Number.NaN]) expect(() => arena.float32(count)).toThrow(RangeError);
  });
});
