/** Two tabs, a closed tab, a destroyed device, a missing or small adapter, a wait for the device: in a browser. */
import { pruningPlan, randomWeights, vimSpec } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import type { Tab } from './driver/browser.ts';
import { wasmBackend, webgpuBackend } from './index.ts';
import { withBrowser } from './test-support/browser.ts';
import { expectedLogits, keptTokens, madeUpImages, request } from './test-support/made-up.ts';
import { largestDifference } from './test-support/shader.ts';

/** float32 through three blocks, logits around 1. */
const closeEnough = 1e-5;

/** What the tests' preparations leave in the page. */
interface Watched {
  devices: GPUDevice[];
  maps: number;
  /** Pipelines compiled, ours and ONNX Runtime's. */
  pipelines: number;
  /** Destroys the newest device at this many more submissions; 0: never. */
  fuse: number;
  /** What finds no memory: error scopes, or submissions, which report it to nobody in particular. */
  exhausted: 'never' | 'scopes' | 'submissions';
}

/** Runs in the page before its own code: keeps devices, counts waits, and makes devices fail when told. */
function watchDevices(): void {
  const watched: Watched = { devices: [], maps: 0, pipelines: 0, fuse: 0, exhausted: 'never' };
  Object.assign(globalThis, { watched });
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    const device = await requestDevice.call(this, descriptor);
    watched.devices.push(device);
    return device;
  };
  const { mapAsync } = GPUBuffer.prototype;
  GPUBuffer.prototype.mapAsync = function (...args) {
    watched.maps++;
    return mapAsync.apply(this, args);
  };
  const { createComputePipeline, createComputePipelineAsync } = GPUDevice.prototype;
  GPUDevice.prototype.createComputePipeline = function (descriptor) {
    watched.pipelines++;
    return createComputePipeline.call(this, descriptor);
  };
  GPUDevice.prototype.createComputePipelineAsync = function (descriptor) {
    watched.pipelines++;
    return createComputePipelineAsync.call(this, descriptor);
  };
  const { submit } = GPUQueue.prototype;
  GPUQueue.prototype.submit = function (commands) {
    const device = watched.devices.at(-1)!;
    if (watched.fuse > 0 && --watched.fuse === 0) device.destroy();
    if (watched.exhausted === 'submissions') {
      const error = new GPUOutOfMemoryError('no room');
      device.dispatchEvent(new GPUUncapturedErrorEvent('uncapturederror', { error }));
    }
    return submit.call(this, commands);
  };
  const { popErrorScope } = GPUDevice.prototype;
  GPUDevice.prototype.popErrorScope = async function () {
    const error = await popErrorScope.call(this);
    return watched.exhausted === 'scopes' ? new GPUOutOfMemoryError('no room') : error;
  };
}

const lookAt = ({ page }: Tab) =>
  page.evaluate(() => {
    const { devices, maps, pipelines } = (globalThis as unknown as { watched: Watched }).watched;
    return { devices: devices.length, maps, pipelines };
  });

const tell = ({ page }: Tab, what: Partial<Pick<Watched, 'fuse' | 'exhausted'>>) =>
  page.evaluate((own) => {
    Object.assign((globalThis as unknown as { watched: Watched }).watched, own);
  }, what);

await withBrowser(async (browser) => {
  // Software adapters take seconds to compile the kernels of a new device, so the tests share two tabs.
  const tab = await browser.openTab(watchDevices);
  const other = await browser.openTab();

  describe('between input and logits', () => {
    it('nothing is read back: one mapAsync per chunk, at the end', async () => {
      const model = await webgpuBackend({ tab }).load(request);
      const before = await lookAt(tab);
      await model.run(madeUpImages(3));
      const after = await lookAt(tab);
      expect(after.maps - before.maps).toBe(1);
      expect(after.devices).toBe(1);
      await model.dispose();
    });
  });

  describe('the next model', () => {
    it('finds what was compiled for the one before it', async () => {
      const runOnce = async () => {
        const model = await webgpuBackend({ tab }).load(request);
        await model.run(madeUpImages(3));
        await model.dispose();
        return lookAt(tab);
      };
      const before = await runOnce();
      expect(await runOnce()).toEqual({ ...before, maps: before.maps + 1 });
    });
  });

  describe('two tabs', () => {
    it('run side by side, each with its own device', async () => {
      const batches = [madeUpImages(2, 1), madeUpImages(2, 2)];
      const answers = await Promise.all(
        [tab, other].map(async (own, i) => {
          const model = await webgpuBackend({ tab: own }).load(request);
          return model.run(batches[i]);
        }),
      );
      for (const [i, { logits }] of answers.entries()) {
        expect(largestDifference(logits, await expectedLogits(batches[i]))).toBeLessThan(closeEnough);
      }
    });
  });

  describe('a closed tab', () => {
    it('leaves what was finished, and ends every later run with a named error', async () => {
      const model = await webgpuBackend({ tab: other }).load(request);
      // Three chunks; the tab goes after the first answer has left it.
      const answered = other.page.waitForResponse((response) => response.url().includes('/answers/'));
      const run = model.run(madeUpImages(150));
      await answered;
      await other.close();
      const { failed, logits, kept } = await run;
      const finished = 150 - failed!.size;
      expect(finished).toBeGreaterThan(0);
      expect([...failed!.keys()][0]).toBe(finished);
      expect([...failed!.values()][0]).toMatch(/^sample \d+: the browser tab .* was closed/);
      expect(Number.isFinite(logits[finished * 5 - 1])).toBe(true);
      expect(logits[finished * 5]).toBeNaN();
      expect(kept.get(1)![finished * keptTokens]).toBe(-1);

      await expect(model.run(madeUpImages(2))).rejects.toMatchObject({ kind: 'page-closed' });
      await model.dispose();
    });
  });

  describe('a crashed tab', () => {
    it('is told from a closed one', async () => {
      const own = await browser.openTab();
      const model = await wasmBackend({ tab: own }).load(request);
      await Promise.all([
        own.page.waitForEvent('crash'),
        own.page.goto('chrome://crash').catch(() => undefined),
      ]);
      await expect(model.run(madeUpImages(2))).rejects.toMatchObject({
        kind: 'page-closed',
        reason: expect.stringMatching(/crashed/),
      });
      await model.dispose();
    });
  });

  describe('running out of memory', () => {
    it('while a model is loaded is a named error', async () => {
      await tell(tab, { exhausted: 'scopes' });
      await expect(webgpuBackend({ tab }).load(request)).rejects.toMatchObject({
        kind: 'out-of-memory',
        message: expect.stringMatching(
          /out of memory for a model of 3 blocks and \d+ images at once; use smaller/,
        ),
      });
      await tell(tab, { exhausted: 'never' });
    });

    it('in the middle of a run is noticed, even if the runtime goes on', async () => {
      const model = await webgpuBackend({ tab }).load(request);
      await tell(tab, { exhausted: 'submissions' });
      await expect(model.run(madeUpImages(2))).rejects.toMatchObject({ kind: 'out-of-memory' });
      await tell(tab, { exhausted: 'never' });
      expect((await model.run(madeUpImages(2))).failed).toBeUndefined();
      await model.dispose();
    });
  });

  describe('a device destroyed in the middle of a run', () => {
    it('is replaced once, and the answer is complete', async () => {
      const model = await webgpuBackend({ tab }).load(request);
      const images = madeUpImages(3);
      await model.run(images);
      await tell(tab, { fuse: 5 });
      const { logits, failed } = await model.run(images);
      expect(failed).toBeUndefined();
      expect(largestDifference(logits, await expectedLogits(images))).toBeLessThan(closeEnough);
      expect((await lookAt(tab)).devices).toBe(2);
      await model.dispose();
    });

    it('and destroyed again ends the run with a named error', async () => {
      const model = await webgpuBackend({ tab }).load(request);
      await tab.page.evaluate(() => {
        const { watched } = globalThis as unknown as { watched: Watched };
        const { submit } = GPUQueue.prototype;
        GPUQueue.prototype.submit = function (commands) {
          watched.devices.at(-1)!.destroy();
          return submit.call(this, commands);
        };
      });
      await expect(model.run(madeUpImages(2))).rejects.toMatchObject({
        kind: 'device-lost',
        message: expect.stringMatching(/device was lost/),
      });
    });
  });

  describe('an adapter', () => {
    const probeWith = async (prepare: () => void) => {
      const tab = await browser.openTab(prepare);
      try {
        const backend = webgpuBackend({ tab });
        const [probe, loading] = [await backend.probe(), backend.load(request)];
        return {
          probe,
          error: await loading.then(
            () => undefined,
            (error: unknown) => error,
          ),
        };
      } finally {
        await tab.close();
      }
    };

    it('that is missing is an answer of probe, and a named error of load', async () => {
      const { probe, error } = await probeWith(() => {
        GPU.prototype.requestAdapter = async () => null;
      });
      expect(probe).toMatchObject({ available: false, reason: expect.stringMatching(/no WebGPU adapter/) });
      expect(error).toMatchObject({ kind: 'no-adapter' });
    });

    it('with too few storage buffers is refused by name, value and need', async () => {
      const { probe, error } = await probeWith(() => {
        Object.defineProperty(GPUSupportedLimits.prototype, 'maxStorageBuffersPerShaderStage', { value: 4 });
      });
      expect(probe).toMatchObject({
        available: false,
        reason: expect.stringMatching(/maxStorageBuffersPerShaderStage is 4, the kernels need 8/),
      });
      expect(error).toMatchObject({ kind: 'adapter-too-small' });
    });

    it('with buffers too small for one image is refused when the model is loaded', async () => {
      const tab = await browser.openTab(() => {
        Object.defineProperty(GPUSupportedLimits.prototype, 'maxStorageBufferBindingSize', {
          value: 1 << 20,
        });
      });
      const spec = vimSpec({ width: 32, depth: 1, imageHeight: 1024, imageWidth: 1024, classes: 3 });
      const large = { spec, plan: pruningPlan({ schedule: [] }), weights: randomWeights(spec) };
      await expect(webgpuBackend({ tab }).load(large)).rejects.toMatchObject({
        kind: 'adapter-too-small',
        message: expect.stringMatching(/at most 1048576 bytes, but "pixels" of one image takes 12582912/),
      });
      await tab.close();
    });
  });
});
