/** What a stranger wrote into a file reaches the terminal as text, and never as a command to it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vssmIn } from './test-support/vssm.ts';

/** Colour, cleared screen in one byte, reversed writing, a line of its own. */
const hostile = '\u001b[31mred\u009b2J\u202edesrever\nsecond line';
const shown = '\\x1b[31mred\\x9b2J\\u202edesrever\\nsecond line';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-strangers-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const vssm = vssmIn(() => folder);

/** Nothing but printed characters and line ends. */
function expectTame(text: string): void {
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
}

describe('text of unknown origin', () => {
  it('in a line of val.txt', async () => {
    mkdirSync(join(folder, 'data/val'), { recursive: true });
    writeFileSync(join(folder, 'data/val/a.jpg'), 'x');
    writeFileSync(join(folder, 'data/val.txt'), '\u001b[31ma.jpg x\n');
    const { code, stderr } = await vssm('eval', '--dataset', 'imagenet', '--data', 'data');
    expect(code).toBe(1);
    expect(stderr).toContain('val.txt line 1: "\\x1b[31ma.jpg x" is not "<image> <label>"');
    expectTame(stderr);
  });

  it('in the name of an image', async () => {
    mkdirSync(join(folder, 'named'), { recursive: true });
    writeFileSync(join(folder, 'named', `${hostile}.jpg`), 'no picture');
    const { stderr, stdout } = await vssm('predict', '--images', 'named', '--recipe', 'fashion-mnist');
    expect(stderr + stdout).toContain(`${shown}.jpg`);
    expectTame(stderr + stdout);
  });

  it('in the names of categories', async () => {
    const annotations = {
      images: [{ id: 1, height: 10, width: 10, file_name: 'a.jpg' }],
      categories: [{ id: 1, name: hostile }],
      annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: [1, 1, 4, 4], area: 16, iscrowd: 0 }],
    };
    writeFileSync(join(folder, 'instances.json'), JSON.stringify(annotations));
    const found = [{ image_id: 1, category_id: 1, bbox: [1, 1, 4, 4], score: 0.5 }];
    writeFileSync(join(folder, 'found.json'), JSON.stringify(found));
    const files = ['--annotations', 'instances.json', '--detections', 'found.json', '--type', 'bbox'];
    const people = await vssm('score', 'coco', ...files);
    expect(people.stdout + people.stderr).toContain(`AP of 1 ${shown}  1.0000`);
    expectTame(people.stdout + people.stderr);
  });
});
