import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { visionParameterCount, visionParameters, visionTensors } from './parameters.ts';
import { type VisionModelName, visionModels } from './spec.ts';

interface Listing {
  readonly models: Readonly<Record<VisionModelName, { total: number; parts: readonly string[] }>>;
  /** Runs of tensors that models share: name shape p|b, of layers `0-23` at once where they agree. */
  readonly parts: Readonly<Record<string, readonly string[]>>;
}

/** Every tensor that a line of the listing stands for. */
function tensorsOf(line: string): { tensor: string; shape: number[]; kind: string }[] {
  const [name, shape, kind] = line.split(' ');
  const layers = /^(backbone\.layers\.)(\d+)-(\d+)(.*)$/.exec(name);
  if (layers === null) return [{ tensor: name, shape: JSON.parse(shape), kind }];
  const [, before, first, last, after] = layers;
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => ({
    tensor: `${before}${Number(first) + i}${after}`,
    shape: JSON.parse(shape),
    kind,
  }));
}

const listing = JSON.parse(
  readFileSync(new URL('../../testdata/shapes/model-shapes.json', import.meta.url), 'utf8'),
) as Listing;

describe.each(Object.keys(listing.models) as VisionModelName[])('%s', (name) => {
  const { total, parts } = listing.models[name];
  const expected = parts.flatMap((part) => listing.parts[part]).flatMap(tensorsOf);
  const sorted = (shapes: Iterable<readonly [string, readonly number[]]>) =>
    [...shapes].sort(([a], [b]) => (a < b ? -1 : 1));

  it('has the parameters of the official model, by name and shape', () => {
    const own = expected
      .filter(({ kind }) => kind === 'p')
      .map(({ tensor, shape }) => [tensor, shape] as const);
    expect(sorted(visionParameters(visionModels[name]))).toEqual(sorted(own));
  });

  it('has its buffers too', () => {
    const own = expected.map(({ tensor, shape }) => [tensor, shape] as const);
    expect(sorted(visionTensors(visionModels[name]))).toEqual(sorted(own));
  });

  it(`has ${total} parameters`, () => {
    expect(visionParameterCount(visionModels[name])).toBe(total);
  });
});

it('the listing is of every model', () => {
  expect(Object.keys(listing.models).sort()).toEqual(Object.keys(visionModels).sort());
});
