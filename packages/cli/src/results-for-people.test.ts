/** What people read of a result beside its main figure: speed, saving, names. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchModels, benchVisionModel } from '@vssm/bench';
import { readSafetensors } from '@vssm/checkpoints';
import { encodePng, fashionMnistClasses } from '@vssm/datasets';
import { visionModels } from '@vssm/vision-tasks';
import { afterAll, expect, it } from 'vitest';
import { vssmIn } from './test-support/vssm.ts';

const folder = mkdtempSync(join(tmpdir(), 'vssm-people-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = vssmIn(() => folder);

async function vssm(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  expect(code, stderr).toBe(0);
  return stdout;
}

it('flops: what pruning saves', async () => {
  const model = ['flops', '--model', 'vim-small'];
  const unpruned = JSON.parse(await vssm(...model, '--json'));
  const pruned = JSON.parse(await vssm(...model, '--prune', '5,10,15@0.8', '--json'));
  expect(unpruned.unprunedGflops).toBe(unpruned.gflops);
  expect(pruned.unprunedGflops).toBe(unpruned.gflops);
  const share = (100 * (1 - pruned.gflops / unpruned.gflops)).toFixed(1);
  const told = await vssm(...model, '--prune', '5,10,15@0.8');
  expect(told).toMatch(new RegExp(`^saving +${share} % of ${unpruned.gflops.toFixed(3)} unpruned$`, 'm'));
  expect(await vssm(...model)).not.toContain('saving');
  const detector = ['flops', '--model', 'plainmamba-l1-maskrcnn', '--prune', '5,9@0.8'];
  expect(await vssm(...detector)).toMatch(/^saving +\d+\.\d % of \d+\.\d+ unpruned$/m);
});

it('eval: images a second, and the images’ names beside the predictions; merge: the accuracy', async () => {
  const given = ['eval', '--limit', '20', '--batch', '8', '--threads', '1'];
  const whole = [...given, '--out', 'whole'];
  expect(await vssm(...whole)).toMatch(/^speed +\d[\d.]* images a second, reading included$/m);
  // Nothing was done now, so there is no speed.
  expect(await vssm(...whole)).not.toContain('images a second');
  const result = JSON.parse(await vssm(...whole, '--json'));
  expect(result.imagesPerSecond).toBeNull();
  const [file] = readdirSync(join(folder, 'whole/predictions'));
  const [head, ...lines] = readFileSync(join(folder, 'whole/predictions', file), 'utf8')
    .trim()
    .split('\n');
  const at = head.split(',').indexOf('id');
  expect(new Set(lines.map((line) => line.split(',')[at])).size).toBe(20);

  for (const shard of ['1', '2']) await vssm(...given, '--shard', `${shard}/2`, '--out', `parts/${shard}`);
  const told = await vssm('merge', 'parts', '--out', 'merged');
  const figures = [result.top1, result.top5].map((value) => `${value.toFixed(2)} %`);
  expect(told).toContain(`top-1 ${figures[0]}, top-5 ${figures[1]} of 20 images`);
});

it('predict: the five best classes by name, for one file too', async () => {
  mkdirSync(join(folder, 'pictures'));
  const data = Uint8Array.from({ length: 3 * 28 * 28 }, (_, index) => index % 256);
  for (const name of ['one', 'two']) {
    writeFileSync(join(folder, `pictures/${name}.png`), await encodePng({ width: 28, height: 28, data }));
  }
  const images = JSON.parse(
    await vssm('predict', '--images', 'pictures', '--out', 'two.safetensors', '--json'),
  );
  expect(images.predictions.map(({ id }: { id: string }) => id)).toEqual(['one.png', 'two.png']);
  const { metadata } = await readSafetensors(join(folder, 'two.safetensors'));
  expect(JSON.parse(metadata.images)).toEqual(['one.png', 'two.png']);
  expect(JSON.parse(metadata.classes)).toEqual(fashionMnistClasses);

  const told = await vssm('predict', '--images', 'pictures/two.png', '--out', 'one.safetensors');
  const { top5 } = images.predictions[1];
  expect(top5).toHaveLength(5);
  for (const { class: label, name } of top5) expect(name).toBe(fashionMnistClasses[label]);
  expect(told).toContain(`two.png  ${top5.map(({ name }: { name: string }) => name).join(', ')}\n`);
  expect((await readSafetensors(join(folder, 'one.safetensors'))).tensors.get('logits')?.shape).toEqual([
    1, 10,
  ]);
});

it('predict: class names of a file, which has to fit', async () => {
  const names = fashionMnistClasses.map((name, at) => `n0000000${at} my ${name}`);
  writeFileSync(join(folder, 'names.txt'), `${names.join('\n')}\n`);
  writeFileSync(join(folder, 'nine.txt'), names.slice(1).join('\n'));
  const given = ['predict', '--images', 'pictures/one.png', '--out', 'named.safetensors'];
  expect(await vssm(...given, '--classes', 'names.txt')).toMatch(/one\.png {2}my [\w/ -]+, my /);
  const { code, stderr } = await run(...given, '--classes', 'nine.txt');
  expect(code).toBe(1);
  expect(stderr).toContain('--classes nine.txt: 9 names, the model tells 10 classes apart; one a line');
});

it('README says where each public checkpoint is', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const names = Object.keys(visionModels) as (keyof typeof visionModels)[];
  const places = [...Object.values(benchModels), ...names.map(benchVisionModel)].flatMap(({ published }) =>
    published === null || /^(none|nowhere)/.test(published) ? [] : [published.split(', ')],
  );
  expect(places.length).toBeGreaterThan(10);
  for (const [repository, file] of places) {
    expect(readme).toContain(`https://huggingface.co/${repository})`);
    expect(readme).toContain(`\`${file}\``);
  }
});
