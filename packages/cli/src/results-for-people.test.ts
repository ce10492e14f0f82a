/** What people read of a result beside its main figure: speed, saving, names. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchModels, benchVisionModel } from '@vssm/bench';
import { readSafetensors } from '@vssm/checkpoints';
import { encodePng, fashionMnistClasses } from '@vssm/datasets';
import { visionModels } from '@vssm/vision-tasks';
import { afterAll, expect, it } from 'vitest';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'vssm-people-'));
afterAll(() => rmSync(folder, { recursive: true }));

function vssm(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

it('flops: what pruning saves', () => {
  const model = ['flops', '--model', 'vim-small'];
  const unpruned = JSON.parse(vssm(...model, '--json'));
  const pruned = JSON.parse(vssm(...model, '--prune', '5,10,15@0.8', '--json'));
  expect(unpruned.unprunedGflops).toBe(unpruned.gflops);
  expect(pruned.unprunedGflops).toBe(unpruned.gflops);
  const share = (100 * (1 - pruned.gflops / unpruned.gflops)).toFixed(1);
  const told = vssm(...model, '--prune', '5,10,15@0.8');
  expect(told).toMatch(new RegExp(`^saving +${share} % of ${unpruned.gflops.toFixed(3)} unpruned$`, 'm'));
  expect(vssm(...model)).not.toContain('saving');
  const detector = ['flops', '--model', 'plainmamba-l1-maskrcnn', '--prune', '5,9@0.8'];
  expect(vssm(...detector)).toMatch(/^saving +\d+\.\d % of \d+\.\d+ unpruned$/m);
});

it('eval: images a second, and the images’ names beside the predictions; merge: the accuracy', () => {
  const given = ['eval', '--limit', '20', '--batch', '8', '--threads', '1'];
  const whole = [...given, '--out', 'whole'];
  expect(vssm(...whole)).toMatch(/^speed +\d[\d.]* images a second, reading included$/m);
  // Nothing was done now, so there is no speed.
  expect(vssm(...whole)).not.toContain('images a second');
  const result = JSON.parse(vssm(...whole, '--json'));
  expect(result.imagesPerSecond).toBeNull();
  const [file] = readdirSync(join(folder, 'whole/predictions'));
  const [head, ...lines] = readFileSync(join(folder, 'whole/predictions', file), 'utf8')
    .trim()
    .split('\n');
  const at = head.split(',').indexOf('id');
  expect(new Set(lines.map((line) => line.split(',')[at])).size).toBe(20);

  for (const shard of ['1', '2']) vssm(...given, '--shard', `${shard}/2`, '--out', `parts/${shard}`);
  const told = vssm('merge', 'parts', '--out', 'merged');
  const figures = [result.top1, result.top5].map((value) => `${value.toFixed(2)} %`);
  expect(told).toContain(`top-1 ${figures[0]}, top-5 ${figures[1]} of 20 images`);
});

it('predict: the five best classes by name, for one file too', async () => {
  mkdirSync(join(folder, 'pictures'));
  const data = Uint8Array.from({ length: 3 * 28 * 28 }, (_, index) => index % 256);
  for (const name of ['one', 'two']) {
    writeFileSync(join(folder, `pictures/${name}.png`), await encodePng({ width: 28, height: 28, data }));
  }
  const images = JSON.parse(vssm('predict', '--images', 'pictures', '--out', 'two.safetensors', '--json'));
  expect(images.predictions.map(({ id }: { id: string }) => id)).toEqual(['one.png', 'two.png']);
  const { metadata } = await readSafetensors(join(folder, 'two.safetensors'));
  expect(JSON.parse(metadata.images)).toEqual(['one.png', 'two.png']);
  expect(JSON.parse(metadata.classes)).toEqual(fashionMnistClasses);

  const told = vssm('predict', '--images', 'pictures/two.png', '--out', 'one.safetensors');
  const { top5 } = images.predictions[1];
  expect(top5).toHaveLength(5);
  for (const { class: label, name } of top5) expect(name).toBe(fashionMnistClasses[label]);
  expect(told).toContain(`two.png  ${top5.map(({ name }: { name: string }) => name).join(', ')}\n`);
  expect((await readSafetensors(join(folder, 'one.safetensors'))).tensors.get('logits')?.shape).toEqual([
    1, 10,
  ]);
});

it('predict: class names of a file, which has to fit', () => {
  const names = fashionMnistClasses.map((name, at) => `n0000000${at} my ${name}`);
  writeFileSync(join(folder, 'names.txt'), `${names.join('\n')}\n`);
  writeFileSync(join(folder, 'nine.txt'), names.slice(1).join('\n'));
  const given = ['predict', '--images', 'pictures/one.png', '--out', 'named.safetensors'];
  expect(vssm(...given, '--classes', 'names.txt')).toMatch(/one\.png {2}my [\w/ -]+, my /);
  const { status, stderr } = spawnSync(process.execPath, [main, ...given, '--classes', 'nine.txt'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(status).toBe(1);
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
