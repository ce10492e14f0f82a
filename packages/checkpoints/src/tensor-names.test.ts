import { describe, expect, it } from 'vitest';
import { underModelPrefix } from './tensor-names.ts';

const named = (...names: string[]) => new Map(names.map((name) => [name, 0]));

describe('underModelPrefix', () => {
  it.each([
    [['model.a', 'b'], ['a'], ['b: not under "model."']],
    [['module.a', 'module.model.b'], ['a', 'model.b'], []],
    [['module.a', 'model.b'], ['b'], ['module.a: not under "model."']],
    [['a', 'modelb'], ['a', 'modelb'], []],
  ])('%j', (names, kept, ignored) => {
    const found = underModelPrefix(named(...names));
    expect([...found.kept.keys()]).toEqual(kept);
    expect(found.ignored).toEqual(ignored);
  });
});
