import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { keptOrder, moves, snakeOrders } from './scan-order.ts';

const official = JSON.parse(
  readFileSync(new URL('../testdata/scan-orders.json', import.meta.url), 'utf8'),
) as Record<string, { orders: number[][]; inverse: number[][]; directions: number[][] }>;

describe('scan orders', () => {
  it.each(Object.entries(official))('of %s cells are upstream’s', (grid, expected) => {
    const [rows, columns] = grid.split('x').map(Number);
    const orders = snakeOrders(rows, columns);
    expect(orders.map(({ cells }) => [...cells])).toEqual(expected.orders);
    expect(orders.map(({ ranks }) => [...ranks])).toEqual(expected.inverse);
    expect(orders.map((order) => [...order.moves])).toEqual(expected.directions);
  });

  it('were compared on nine grids', () => {
    expect(Object.keys(official)).toHaveLength(9);
  });
});

describe('the order of what pruning leaves', () => {
  // 0 1 2
  // 3 4 5   without 1, 3 and 4
  const positions = [0, 2, 5];
  const [right, , down] = snakeOrders(2, 3);

  it('follows the full snake, with the moves and gaps of it', () => {
    // 0 1 2 5 4 3
    expect(keptOrder(right, positions)).toEqual({
      order: Int32Array.of(0, 1, 2),
      moves: Uint8Array.of(moves.start, moves.right, moves.down),
      gaps: Int32Array.of(0, 1, 0),
    });
    // 0 3 4 1 2 5
    expect(keptOrder(down, positions)).toEqual({
      order: Int32Array.of(0, 1, 2),
      moves: Uint8Array.of(moves.start, moves.right, moves.down),
      gaps: Int32Array.of(0, 3, 0),
    });
  });

  it('does not keep position order where the snake runs back', () => {
    // 0 1 2 5 4 3 without 0 and 5; the start of the snake is gone, so its move is a real one
    expect(keptOrder(right, [1, 2, 3, 4])).toEqual({
      order: Int32Array.of(0, 1, 3, 2),
      moves: Uint8Array.of(moves.right, moves.right, moves.left, moves.left),
      gaps: Int32Array.of(0, 0, 1, 0),
    });
  });

  it('of all cells is the snake itself, without gaps', () => {
    for (const full of snakeOrders(3, 5)) {
      const cells = Array.from({ length: 15 }, (_, cell) => cell);
      expect(keptOrder(full, cells)).toEqual({
        order: full.cells,
        moves: full.moves,
        gaps: new Int32Array(15),
      });
    }
  });

  it('counts every pruned cell between the first and the last kept one', () => {
    const kept = [3, 4, 7, 11, 12];
    for (const full of snakeOrders(4, 4)) {
      const { order, gaps } = keptOrder(full, kept);
      const ranks = [...order].map((token) => full.ranks[kept[token]]);
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
      const between = ranks.at(-1)! - ranks[0] + 1 - kept.length;
      expect(gaps.reduce((sum, gap) => sum + gap)).toBe(between);
    }
  });
});
