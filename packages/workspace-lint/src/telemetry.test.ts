import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { telemetryBreach } from './telemetry.ts';

/** Put together here, so that no check takes these lines for imports. */
const ort = `'onnxruntime-node'`;
const off = "import '@vssm/backend/no-telemetry';\n";
const thread =
  "import { Worker } from 'node:worker_threads';\nnew Worker(new URL('./worker.ts', import.meta.url));\n";

describe('telemetry of ONNX Runtime', () => {
  it.each([
    `const ort = await import(${ort});`,
    `import { InferenceSession } from ${ort};`,
    `import ${ort};`,
    `const ort = require(${ort});`,
    thread,
  ])('is not left on by %j', (source) => {
    expect(telemetryBreach(source)).toMatch(/onnxruntime-node: import '@vssm\/backend\/no-telemetry'/);
    expect(telemetryBreach(`${off}${source}`)).toBeUndefined();
  });

  it.each([
    `import type { InferenceSession } from ${ort};`,
    `type Runtime = typeof import(${ort});`,
    "import { parentPort } from 'node:worker_threads';",
    "import { Worker } from 'node:worker_threads';\nexport type Threads = readonly Worker[];",
  ])('does not concern %j', (source) => {
    expect(telemetryBreach(source)).toBeUndefined();
  });
});

describe('pnpm test', () => {
  it("leaves Turborepo's telemetry off, without CI in the environment", () => {
    const home = mkdtempSync(join(tmpdir(), 'vssm-home-'));
    try {
      const script = fileURLToPath(new URL('run-tests.ts', import.meta.url));
      const env = { PATH: process.env.PATH, HOME: home, USERPROFILE: home, TMPDIR: tmpdir() };
      const printed = execFileSync(process.execPath, [script, '--dry=json'], { env, encoding: 'utf8' });
      expect(JSON.parse(printed).tasks.length).toBeGreaterThan(10);
      // Turborepo 2.11 writes .config/turborepo/telemetry.json there, and asks for telemetry.vercel.com.
      expect(readdirSync(home)).toEqual([]);
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});
