/**
 * Exported models that merge, opened by plain onnxruntime in a process that knows nothing of this project: a rule of each
 * operation, Vim and PlainMamba, against the reference.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { referenceBackend } from '@vssm/backend';
import { writeSafetensors } from '@vssm/checkpoints';
import {
  type ModelSpec,
  plainMambaSpec,
  pruningPlan,
  randomWeights,
  sequenceLength,
  vimSpec,
} from '@vssm/families';
import { decodeModel } from '@vssm/graph';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './test-support/doc-examples.ts';
import { type Runner, startRunner } from './test-support/run-in-turn.ts';

const shape = {
  width: 16,
  depth: 3,
  stateSize: 4,
  imageHeight: 40,
  imageWidth: 40,
  patchSize: 8,
  classes: 5,
};
const specs: readonly ModelSpec[] = [
  vimSpec({ ...shape, stride: 8 }),
  plainMambaSpec({
    ...shape,
    stemConvs: 0,
    stemWidth: 4,
    positionRows: 5,
    positionColumns: 5,
    depthwiseLayers: [0],
  }),
];
const rules = [
  { signal: 'gated', operation: 'merge-sum' },
  { signal: 'tome', operation: 'merge' },
  { signal: 'utr', operation: 'half' },
  { signal: 'mtr-like', operation: 'drop' },
  { signal: 'class-contribution', operation: 'merge' },
  { signal: 'storm', operation: 'merge-sum' },
] as const;
/** 5x5 to 4x4 to 3x3, and Vim's about as many. */
const steps = [
  { after: 1, keep: 0.64 },
  { after: 2, keep: 0.56 },
];
const images = 2;

let folder: string;
let runner: Runner;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-export-merging-'));
  // As a project that has the library installed.
  symlinkSync(join(root, 'packages/backend-cpu/node_modules'), join(folder, 'node_modules'));
  const { CI: _, ...env } = process.env;
  runner = startRunner({ ...env, INIT_CWD: '' });
  for (const spec of specs) {
    await writeSafetensors(join(folder, `${spec.family}.safetensors`), randomWeights(spec, 3));
  }
  writeFileSync(
    join(folder, 'run.mjs'),
    `import { readFileSync } from 'node:fs';
const [file, input, library] = process.argv.slice(2);
const { InferenceSession, Tensor } = await import(library);
const session = await InferenceSession.create(file);
const { pixels, shape } = JSON.parse(readFileSync(input, 'utf8'));
const outputs = await session.run({ input: new Tensor('float32', Float32Array.from(pixels), shape) });
console.log(JSON.stringify(Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, [...data].map(Number)]))));
`,
  );
});
afterAll(async () => {
  await runner.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(specs.map((spec) => [spec.family, spec] as const))('%s', (family, spec) => {
  const own = rules.filter(({ signal }) => signal !== 'storm' || family === 'plainmamba');
  it.each(own)('$signal, $operation', async ({ signal, operation }) => {
    const without = signal === 'storm' ? ({ alignment: 'none' } as const) : {};
    const file = `${family}-${signal}.onnx`;
    const { code, stderr } = await runner.run(
      [
        ...['export', '--checkpoint', `${family}.safetensors`, '--family', family, '--out', file],
        ...['--signal', signal, '--operation', operation, '--prune', '1@0.64;2@0.56'],
        ...(signal === 'storm' ? ['--alignment', 'none'] : []),
      ],
      folder,
    );
    expect(code, stderr).toBe(0);
    const domains = decodeModel(readFileSync(join(folder, file))).graph.node.map(
      ({ domain }) => domain ?? '',
    );
    expect(new Set(domains)).toEqual(new Set(['']));

    const size = 3 * 40 * 40;
    const pixels = Float32Array.from({ length: images * size }, (_, i) => Math.sin(i * 0.37) * 2);
    writeFileSync(
      join(folder, 'input.json'),
      JSON.stringify({ pixels: [...pixels], shape: [images, 3, 40, 40] }),
    );
    const { CI: _, ORT_DISABLE_TELEMETRY: __, ...env } = process.env;
    const ran = spawnSync(process.execPath, ['run.mjs', file, 'input.json', 'onnxruntime-node'], {
      ...{ cwd: folder, encoding: 'utf8' as const, env: { ...env, ORT_DISABLE_TELEMETRY: '1' } },
    });
    expect(ran.status, ran.stderr).toBe(0);
    const answered = JSON.parse(ran.stdout) as Record<string, number[]>;

    const plan = pruningPlan({ schedule: steps, signal, operation, ...without }, family);
    const model = await referenceBackend.load({ spec, weights: randomWeights(spec, 3), plan });
    const { logits, kept } = await model.run({ pixels, size: images });
    expect(kept.get(1)!.length / images).toBeLessThan(sequenceLength(spec));
    for (const [after, positions] of kept) expect(answered[`kept.${after}`]).toEqual([...positions]);
    const largest = Math.max(...[...logits].map(Math.abs));
    for (const [i, logit] of logits.entries()) {
      // float32 against float64, as everywhere.
      expect(Math.abs(answered.logits[i] - Number(logit))).toBeLessThan(2e-5 * largest);
    }
  });
});
