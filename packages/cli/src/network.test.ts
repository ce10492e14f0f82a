/**
 * Nothing is reported to anybody. Two libraries here would, and both are silent on CI by themselves, so the commands
 * run as at a user's: without CI in the environment and with an empty HOME, which is looked through afterwards.
 * (docs/network.md says how the rest was checked.)
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { writeSafetensors } from '@vssm/checkpoints';
import { cocoSampleDir } from '@vssm/datasets';
import { plainMambaSpec } from '@vssm/families';
import { randomVisionWeights, visionModels } from '@vssm/vision-tasks';
import { afterAll, beforeAll, expect, it } from 'vitest';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const tensor = fileURLToPath(new URL('../../backend/testdata/a_vim_micro.safetensors', import.meta.url));

let folder: string;
let home: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-network-'));
  home = join(folder, 'home');
  mkdirSync(home);
  const published = visionModels['plainmamba-l1-retinanet'];
  const spec = plainMambaSpec({
    ...{ width: 24, depth: 4, stemConvs: 1, depthwiseLayers: [0], positionRows: 4, positionColumns: 4 },
  });
  const backbone = {
    ...published.backbone,
    spec,
    stemWidth: 8,
    interactions: [0, 1, 2, 3].map((layer) => [layer, layer] as const),
  };
  await writeSafetensors(
    join(folder, 'detector.safetensors'),
    randomVisionWeights({ ...published, backbone }, 1),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  ['a pool of worker threads', ['eval', '--limit', '8', '--threads', '2']],
  ['a tensor', ['predict', '--checkpoint', tensor, '--tensor', tensor]],
  [
    'threads with a detector each',
    [
      'detect',
      '--checkpoint',
      'detector.safetensors',
      '--data',
      cocoSampleDir,
      '--max',
      '96x128',
      '--threads',
      '2',
    ],
  ],
  ['all backends that this machine has', ['doctor']],
])('%s: ONNX Runtime leaves no identifier and no events', async (_, args) => {
  const folders = { HOME: home, USERPROFILE: home, LOCALAPPDATA: home, TMPDIR: tmpdir() };
  const env = { PATH: process.env.PATH, ...folders };
  await promisify(execFile)(process.execPath, [main, ...args], { cwd: folder, env });
  // ONNX Runtime 1.30 writes .cache/Microsoft/DeveloperTools/.onnxruntime/deviceid and onnxruntime.db there.
  const left = readdirSync(home, { recursive: true, encoding: 'utf8' });
  expect(left.filter((path) => /microsoft|onnxruntime|telemetry/i.test(path))).toEqual([]);
});
