/** Walks docs/your-own-images.md: every command of the page, in its order, on a few generated pictures. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '@vssm/checkpoints';
import { uniformNumbers } from '@vssm/core';
import { encodePng } from '@vssm/datasets';
import { randomWeights, vimSpec } from '@vssm/families';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vssmIn } from './test-support/vssm.ts';

const page = readFileSync(new URL('../../../docs/your-own-images.md', import.meta.url), 'utf8');
const commands = [...page.matchAll(/^pnpm vssm (.+)$/gm)].map(([, command]) => command);

const classes = ['cat', 'dog', 'zebra'] as const;
/** What a class looks like: a colour each, under noise, in pictures of several sizes. */
const colours = { cat: [200, 60, 40], dog: [40, 180, 60], zebra: [60, 60, 210] } as const;

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-own-'));
  for (const [label, name] of classes.entries()) {
    for (const [split, count] of [
      ['train', 8],
      ['val', 3],
    ] as const) {
      mkdirSync(join(folder, 'photos', split, name), { recursive: true });
      for (let index = 0; index < count; index++) {
        const seed = 1000 * label + 100 * (split === 'val' ? 1 : 0) + index;
        writeFileSync(join(folder, 'photos', split, name, `${index}.png`), await picture(name, seed));
      }
    }
  }
  // Stands in for the public checkpoint: another size, other classes.
  const spec = vimSpec({
    width: 16,
    depth: 5,
    stateSize: 4,
    imageHeight: 32,
    imageWidth: 32,
    patchSize: 8,
    stride: 8,
    classes: 10,
  });
  await writeSafetensors(join(folder, 'vim_t.pth'), randomWeights(spec));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function picture(name: (typeof classes)[number], seed: number): Promise<Uint8Array> {
  const uniform = uniformNumbers(seed);
  const [width, height] = [60 + (seed % 30), 50 + (seed % 40)];
  const data = Uint8Array.from(
    { length: 3 * width * height },
    (_, at) => colours[name][at % 3] + 40 * uniform(),
  );
  return encodePng({ width, height, data });
}

const run = vssmIn(() => folder);
const vssm = (command: string) =>
  run(...[...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain));

/** Runs the page's next command; each is run once, in order. */
let next = 0;
async function follow(begins: string, json = true) {
  const command = commands[next++];
  expect(command).toMatch(new RegExp(`^${begins}`));
  const result = await vssm(json ? `${command} --json` : command);
  if (result.code !== 0) throw new Error(`vssm ${command}: ${result.stderr}`);
  return {
    ...result,
    said: result.stdout + result.stderr,
    document: json ? JSON.parse(result.stdout) : undefined,
  };
}

describe('docs/your-own-images.md', () => {
  it('goes from a folder of photos to a fine-tuned, pruned, exported model', async () => {
    const first = await follow('train');
    expect(first.said).toContain('24 images, so a step takes 16 of them, not 64');
    expect(first.document).toMatchObject({ state: 'finished', steps: 12, test: { count: 9 } });
    const { tensors, metadata } = await readSafetensors(join(folder, 'runs/dense/model.safetensors'));
    expect(tensors.get('head.weight')?.shape).toEqual([3, 64]);
    expect(JSON.parse(metadata.classes)).toEqual(classes);

    const prolonged = await follow('train');
    expect(prolonged.document).toMatchObject({ state: 'finished', steps: 16 });

    const dense = await follow('eval');
    expect(dense.document).toMatchObject({ count: 9, correct1: prolonged.document.test.correct });
    const predicted = await follow('predict');
    expect(predicted.document).toMatchObject({ count: 3 });

    expect((await follow('eval')).document).toMatchObject({ count: 9, schedule: '2,4,6@0.7' });
    const tuned = await follow('finetune');
    expect(tuned.said).not.toContain('new head');
    const pruned = await follow('eval');
    expect(pruned.document.correct1).toBe(tuned.document.test.correct);

    const fromPublic = await follow('finetune');
    expect(fromPublic.said).toContain(
      'a new head for 3 classes: head.weight [10, 16] and head.bias [10] of the checkpoint are replaced',
    );
    const head = (await readSafetensors(join(folder, 'runs/from-public/model.safetensors'))).tensors;
    expect(head.get('head.weight')?.shape).toEqual([3, 16]);

    await follow('export');
    expect(existsSync(join(folder, 'photos.onnx'))).toBe(true);
    expect(next).toBe(commands.length);
  }, 900_000);
});
