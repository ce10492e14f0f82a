import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { benchModels, modelSource, parseCheckpointOptions } from './models.ts';

describe('parseCheckpointOptions', () => {
  it('reads MODEL=FILE, the file with any sign in it', () => {
    expect([...parseCheckpointOptions(['vim-small=a=b.pth', 'vim-tiny=/x y.pth'])]).toEqual([
      ['vim-small', 'a=b.pth'],
      ['vim-tiny', '/x y.pth'],
    ]);
  });

  it.each(['vim-small', 'vim-small=', '=x', 'vim-huge=x', 'toString=x'])('refuses "%s"', (option) => {
    expect(() => parseCheckpointOptions([option])).toThrow(`--checkpoint "${option}": expected MODEL=FILE`);
  });

  it('refuses two files for one model', () => {
    expect(() => parseCheckpointOptions(['vim-tiny=a', 'vim-tiny=b'])).toThrow('vim-tiny is given twice');
  });
});

describe('modelSource', () => {
  it('has the embedded model, and others only where a file is given', async () => {
    const source = modelSource(new Map());
    const model = await source('vim-nano-fmnist');
    expect(model).toMatchObject({
      sha256: '65b28680b631afbf89b73a21dbe360552b8a05386f41e9ff5fd651bb219cdf17',
      file: 'vim-nano-fmnist.pth',
      spec: { imageHeight: 28, depth: 8, classes: 10 },
    });
    expect(source('vim-small')).toBeNull();
  });

  it('refuses another model’s file, and says in what it differs', async () => {
    const file = benchModels['vim-nano-fmnist'].embedded!;
    expect(existsSync(file)).toBe(true);
    const source = modelSource(new Map([['vim-small', file] as const]));
    await expect(source('vim-small')).rejects.toThrow(
      /vim-nano-fmnist\.pth is not vim-small: .*width 48 instead of 384/,
    );
  });
});
