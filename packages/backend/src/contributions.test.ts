/** Contributions put together, taken apart, and drawn on a grid; by hand. */
import { vimSpec } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { contributionMap } from './contribution-map.ts';
import { contributionsOfImage, JoinedContributions, loadExplained } from './contributions.ts';

const of = (scores: number[], positions: number[]) => ({
  scores: Float32Array.from(scores),
  positions: Int32Array.from(positions),
});

describe('JoinedContributions', () => {
  it('takes parts in any order, and says what is missing', () => {
    const joined = new JoinedContributions(4);
    joined.add(new Map([[2, of([7, 8], [3, 4])]]), 3, 1);
    joined.add(new Map([[1, of([1, 2, 3, 4], [0, 1, 0, 1])]]), 0, 2);
    joined.add(undefined, 2, 1);
    const { contributions } = joined.member;
    expect([...contributions!.keys()]).toEqual([1, 2]);
    expect([...contributions!.get(1)!.scores]).toEqual([1, 2, 3, 4, ...Array(4).fill(Number.NaN)]);
    expect([...contributions!.get(2)!.positions]).toEqual([-1, -1, -1, -1, -1, -1, 3, 4]);
    const second = contributionsOfImage(contributions!, 1, 4);
    expect([...second.get(1)!.scores]).toEqual([3, 4]);
  });

  it('has nothing to say where nothing was told', () => {
    const joined = new JoinedContributions(1);
    joined.add(undefined, 0, 1);
    expect(joined.member).toEqual({});
  });
});

describe('contributionMap', () => {
  // Four cells with the class token in the middle: positions 0 1 | 2 | 3 4.
  const spec = vimSpec({
    ...{ width: 8, depth: 2, patchSize: 1, stride: 1, inChannels: 1, classes: 2 },
    ...{ imageHeight: 2, imageWidth: 2 },
  });
  const contributions = new Map([
    [1, of([1, 1, 50, 2, 4], [0, 1, 2, 3, 4])],
    [2, of([3, 9, 1], [0, 2, 4])],
  ]);

  it('is the mean over the blocks of the parts of what is read of cells', () => {
    const map = contributionMap(spec, contributions);
    expect(map[0]).toBeCloseTo((1 / 8 + 3 / 4) / 2, 12);
    expect(map[1]).toBeCloseTo(1 / 8 / 2, 12);
    expect(map[2]).toBeCloseTo(2 / 8 / 2, 12);
    expect(map[3]).toBeCloseTo((4 / 8 + 1 / 4) / 2, 12);
    expect(map.reduce((sum, part) => sum + part)).toBeCloseTo(1, 12);
  });

  it('is of one block where one is asked for', () => {
    expect([...contributionMap(spec, contributions, 2)]).toEqual([3 / 4, 0, 0, 1 / 4]);
    expect(() => contributionMap(spec, contributions, 3)).toThrow('no contributions of block 3');
  });

  it('of a block that reads no cell is 0', () => {
    const nothing = new Map([[1, of([5], [2])]]);
    expect([...contributionMap(spec, nothing)]).toEqual([0, 0, 0, 0]);
  });
});

it('a backend that does not tell them is refused by name', () => {
  const backend = { name: 'webgpu', probe: () => expect.fail(), load: () => expect.fail() } as const;
  expect(() => loadExplained(backend, {} as never)).toThrow(
    '--backend webgpu does not tell what the classifier reads of each token: take --backend cpu or reference',
  );
});
