import { describe, expect, it } from 'vitest';
import { labelsChecksum, unlikeValidationSet } from './imagenet/validation.ts';
import { adeTitle, cocoTitle, ownTitle } from './titles.ts';

const rising = (count: number, from = 1) => Array.from({ length: count }, (_, index) => from + index);
const imageNetId = (number: number) => `ILSVRC2012_val_${String(number).padStart(8, '0')}.JPEG`;

describe("ImageNet-1K's validation set", () => {
  const laidOutAlike = rising(50_000).map((number) => ({ id: imageNetId(number), label: number % 1000 }));

  it('is no folder that is merely laid out like it', () => {
    expect(unlikeValidationSet(laidOutAlike.slice(0, 8))).toBe('it has 8 images, not 50000');
    expect(unlikeValidationSet(laidOutAlike)).toMatch(
      /^the SHA-256 of its ids and labels is [0-9a-f]{64}, not 54ee7585/,
    );
  });

  it('is told by ids and labels in any order and whatever the ending of the files', () => {
    const of = (samples: { id: string; label: number }[]) => labelsChecksum(samples);
    const some = laidOutAlike.slice(0, 100);
    expect(of(some.toReversed())).toBe(of(some));
    expect(of(some.map(({ id, label }) => ({ id: `n01440764/${id.replace('JPEG', 'png')}`, label })))).toBe(
      of(some),
    );
    expect(of(some.with(3, { ...some[3], label: 999 }))).not.toBe(of(some));
    expect(of(some.with(3, { ...some[3], id: imageNetId(40_000) }))).not.toBe(of(some));
    // printf 'ILSVRC2012_val_00000001\t65\nILSVRC2012_val_00000002\t970\n' | sha256sum
    expect(
      of([
        { id: imageNetId(2), label: 970 },
        { id: imageNetId(1), label: 65 },
      ]),
    ).toBe('0e244620e500b4a373b2e8a35dbb6e43e3f9df5f0d5e0cd541b30b6054efdf3d');
  });
});

describe('names of data sets', () => {
  it('are their own for any pictures', () => {
    expect(ownTitle(8, '/data/noise/')).toBe('8 images of noise');
    expect(ownTitle(1, 'a\u001b[2J')).toBe('1 image of a\\x1b[2J');
    expect(ownTitle(50_000, 'x'.repeat(500)).length).toBeLessThan(200);
  });

  it('are published ones for COCO and ADE20K only where these are whole', () => {
    const coco = [139, ...rising(4998, 285), 581_781];
    expect(cocoTitle('/d/coco', 'val2017', coco, 36_781)).toBe('COCO 2017');
    expect(cocoTitle('/d/coco', 'val2017', coco, 36_780)).toBe('5,000 images of coco');
    expect(cocoTitle('/d/coco', 'val2017', coco.slice(0, 4), 9)).toBe('4 images of coco');
    const ade = rising(2000).map((number) => `ADE_val_${String(number).padStart(8, '0')}`);
    expect(adeTitle('/d/ade', 'validation', ade)).toBe('ADE20K');
    expect(adeTitle('/d/ade', 'validation', ade.slice(0, 4))).toBe('4 images of ade');
    expect(adeTitle('/d/ade', 'validation', ade.with(7, 'mine'))).toBe('2,000 images of ade');
  });
});
