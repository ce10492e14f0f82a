import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchVisionModel } from '@vssm/bench';
import { writeSafetensors } from '@vssm/checkpoints';
import { decodeModel } from '@vssm/graph';
import { randomVisionWeights } from '@vssm/vision-tasks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportCommand } from './commands/export-command.ts';
import type { StagesFile } from './export-vision.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-export-'));
  for (const id of ['micro-maskrcnn', 'micro-upernet'] as const) {
    await writeSafetensors(checkpoint(id), randomVisionWeights(benchVisionModel(id).spec, 1));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const checkpoint = (id: string) => join(folder, `${id}.safetensors`);
const vssm = (...args: string[]) => exportCommand().parseAsync(args, { from: 'user' });
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('vssm export of a detector or segmenter', () => {
  it.each([
    ['micro-maskrcnn', 'masks', 28],
    ['micro-upernet', 'head', 15],
  ])('%s: every stage is listed as its file has it', async (id, last, count) => {
    const out = join(folder, id);
    await vssm('--checkpoint', checkpoint(id), '--input', '96x128', '--prune', '2@0.7', '--out', out);
    const listed = JSON.parse(readFileSync(join(out, 'stages.json'), 'utf8')) as StagesFile;
    expect(listed).toMatchObject({
      ...{
        formatVersion: 1,
        input: { height: 96, width: 128 },
        plan: { schedule: [{ after: 2, keep: 0.7 }] },
      },
      weights: { sha256: digest(readFileSync(checkpoint(id))) },
    });
    const { stages } = listed;
    expect(readdirSync(out).sort()).toEqual([...stages.map(({ file }) => file), 'stages.json'].sort());
    expect(stages.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['embed', 'projections_3', 'gelu_0']),
    );
    expect(stages).toHaveLength(count);
    expect(stages.at(-1)!.name).toBe(last);
    expect(stages[0].inputs).toEqual([{ name: 'pixels', dtype: 'float32', shape: [1, 3, 96, 128] }]);
    expect(stages.find(({ name }) => name === 'leave_1')!.joinedBy).toContain('tokens are kept');
    for (const { file, sha256, bytes, inputs, outputs } of stages) {
      const model = readFileSync(join(out, file));
      expect([digest(model), model.byteLength]).toEqual([sha256, bytes]);
      const { graph } = decodeModel(model);
      expect(graph.input.map(({ name }) => name)).toEqual(inputs.map(({ name }) => name));
      expect(graph.output.map(({ name }) => name)).toEqual(outputs.map(({ name }) => name));
    }
  });

  it.each([
    ['96x', '--input "96x": expected HEIGHTxWIDTH'],
    ['96x100', 'input 96x100: the adapter needs multiples of 32'],
  ])('refuses --input %s and leaves nothing', async (input, message) => {
    const out = join(folder, 'never');
    const run = vssm('--checkpoint', checkpoint('micro-maskrcnn'), '--input', input, '--out', out);
    await expect(run).rejects.toThrow(message);
    expect(readdirSync(folder).filter((name) => name.includes('never'))).toEqual([]);
  });

  it('refuses a folder that exists', async () => {
    const run = vssm('--checkpoint', checkpoint('micro-upernet'), '--input', '96x128', '--out', folder);
    await expect(run).rejects.toThrow('exists already; name a new folder');
  });
});
