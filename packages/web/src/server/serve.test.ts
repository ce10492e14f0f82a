/** The page's server, asked directly. */
import { afterAll, describe, expect, it } from 'vitest';
import type { FinishedRun, Setup } from '../exchange.ts';
import { header } from '../test-support/browser.ts';
import { servePage } from './serve.ts';

const served = await servePage(header);
afterAll(() => served.close());

const ask = (path: string, request?: RequestInit) => fetch(new URL(path, served.url), request);
const post = (path: string, body: string | Uint8Array<ArrayBuffer>) => ask(path, { method: 'POST', body });
const setup = (await (await ask('setup.json')).json()) as Setup;

const run: FinishedRun = {
  model: setup.embedded,
  plan: {
    schedule: [],
    signal: 'gated',
    reduce: 'clip',
    order: 'aligned',
    alignment: 'decay',
    conv: 'positional',
    tokenOrder: 'original',
    countClassToken: false,
    seed: 0,
  },
  backend: 'webgpu',
  threads: 1,
  adapter: 'a GPU',
  libraries: { 'onnxruntime-web': '1' },
  timings: [{ batch: 2, warmup: 2, denseMs: [8, 4, 6], prunedMs: null, durationMs: 20 }],
  dataset: { name: 'Fashion-MNIST', split: 'test' },
  strip: [],
};

describe('the server of the page', () => {
  it('gives the page its script, its style, and one sample of each class', async () => {
    for (const path of ['', 'main.js', 'worker.js', 'style.css', 'runtime/ort-wasm-simd-threaded.wasm']) {
      expect([path, (await ask(path)).status]).toEqual([path, 200]);
    }
    expect(setup.samples.images.map(({ label }) => label)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(setup.embedded.classes?.[9]).toBe('Ankle boot');
  });

  it.each(['weights/guess', 'checkpoints/x', 'results', 'page.css', '../package.json'])(
    'has nothing else to give: %s',
    async (path) => {
      expect((await ask(path)).status).toBe(404);
    },
  );

  it('gives the weights of the embedded model, and names a file that holds none', async () => {
    const embedded = await (await ask('weights/embedded')).arrayBuffer();
    expect(embedded.byteLength).toBeGreaterThan(4 * 171_610);
    const refused = await post('checkpoints/of%20mine.pth', 'hello');
    expect(refused.status).toBe(422);
    expect(await refused.text()).toMatch(/^checkpoint of mine\.pth: is no checkpoint/);
  });

  it('turns a run into records, with the times per image', async () => {
    const lines = (await (await post('results', JSON.stringify(run))).text()).trim().split('\n');
    const [head, speed] = lines.map((line) => JSON.parse(line));
    expect(lines.length).toBe(2);
    expect(head).toMatchObject({
      kind: 'run',
      environment: { accelerator: 'a GPU', libraries: { 'onnxruntime-web': '1' } },
    });
    expect(speed).toMatchObject({
      kind: 'speed',
      samplesMs: [4, 2, 3],
      medianMs: 3,
      minMs: 2,
      maxMs: 4,
      speedup: null,
    });
  });

  it('refuses a run that the schema does not know, by the field', async () => {
    const [timing] = run.timings;
    const response = await post(
      'results',
      JSON.stringify({ ...run, timings: [{ ...timing, denseMs: [-1] }] }),
    );
    expect(response.status).toBe(422);
    expect(await response.text()).toMatch(/does not fit the results' schema: samplesMs\.0: /);
  });

  it('names a port that it cannot have', async () => {
    const port = Number(new URL(served.url).port);
    await expect(servePage(header, port)).rejects.toThrow(`port ${port} is in use; choose another`);
  });
});
