/**
 * The page in a browser, for tests: with WebGPU (software adapters included), or without it. Where there is no
 * browser the tests are skipped with the reason; with CI_REQUIRE_BROWSER=1 they fail instead.
 */
import { DeviceError } from '@vssm/backend';
import { findBrowser, launchBrowser, webgpuFlagSets } from '@vssm/backend-webgpu/server';
import type { Browser } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { type OpenedPage, type RunHeader, servePage } from '../index.ts';

export const header: RunHeader = {
  projectVersion: '0.0.0',
  git: null,
  environment: {
    node: process.version,
    os: 'test 1',
    arch: process.arch,
    cpu: 'test',
    cores: 1,
    memoryBytes: 2 ** 30,
    accelerator: null,
    libraries: {},
  },
  code: 'test',
  command: ['serve'],
  seeds: { randomWeights: 0 },
};

/** Flags of a browser whose page runs on WebAssembly. */
export const withoutWebgpu = [['--no-sandbox', '--disable-features=WebGPU', '--disable-gpu']];

export interface Place {
  readonly browser: Browser;
  /** Of a server that lives as long as the file's tests. */
  readonly url: string;
}

/** @param flagSets of the browser; default: those that find software adapters */
export async function withPage(tests: (place: Place) => void, flagSets = webgpuFlagSets): Promise<void> {
  let executablePath: string;
  try {
    executablePath = findBrowser();
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    const required = process.env.CI_REQUIRE_BROWSER === '1';
    describe(`no browser: ${error.message}`, () => {
      it.skipIf(!required)('is needed by this file', () => expect.fail(error.message));
    });
    return;
  }
  const served: OpenedPage = await servePage(header);
  const browser = await launchBrowser(executablePath, flagSets);
  afterAll(async () => {
    await browser.close();
    await served.close();
  });
  tests({ browser, url: served.url });
}
