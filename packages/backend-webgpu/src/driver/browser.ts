/** A browser without windows, and tabs of our page in it. */

import { randomUUID } from 'node:crypto';
import { DeviceError } from '@vssm/backend';
import type { Browser as Chromium, Page } from 'playwright-core';
import { errorFrom } from '../error-message.ts';
import type { Answer, Command, Given } from '../wire.ts';
import { findBrowser } from './find-browser.ts';
import { launchBrowser, plainFlags, webgpuFlagSets } from './launch.ts';
import { PageServer } from './server.ts';

export interface BrowserOptions {
  /** Path of a browser of the Chromium family; default: what is found on this machine. */
  readonly browser?: string;
  /** False: its pages do without WebGPU, so no driver is waited for. */
  readonly webgpu?: boolean;
}

/** One browser process with the server that its tabs load the page from; `close` ends both. */
export class Browser {
  readonly #chromium: Chromium;
  readonly #server: PageServer;

  /** @throws DeviceError `no-browser`, `no-adapter` */
  static async open(options: BrowserOptions = {}): Promise<Browser> {
    const executablePath = findBrowser(options.browser);
    const server = await PageServer.start();
    try {
      const flagSets = options.webgpu === false ? [plainFlags] : webgpuFlagSets;
      return new Browser(await launchBrowser(executablePath, flagSets), server);
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  constructor(browser: Chromium, server: PageServer) {
    this.#chromium = browser;
    this.#server = server;
  }

  /** @param prepare run in the page before its own code, for tests that stand in for a device */
  async openTab(prepare?: () => void): Promise<Tab> {
    // One context for all tabs: what one has compiled the next one finds.
    const context = this.#chromium.contexts()[0] ?? (await this.#chromium.newContext());
    const page = await context.newPage();
    if (prepare !== undefined) await page.addInitScript(prepare);
    await page.goto(this.#server.url);
    await page.waitForFunction('globalThis.vssm !== undefined');
    return new Tab(page, this.#server);
  }

  async close(): Promise<void> {
    await this.#chromium.close();
    await this.#server.close();
  }
}

export class Tab {
  /** For tests that look into the page, or close it. */
  readonly page: Page;
  readonly browserVersion: string;
  readonly #server: PageServer;
  readonly #gone: Promise<never>;

  constructor(page: Page, server: PageServer) {
    this.page = page;
    this.browserVersion = `Chromium ${page.context().browser()?.version() ?? 'of unknown version'}`;
    this.#server = server;
    this.#gone = new Promise((_, reject) => {
      const end = (how: string) => () => reject(new DeviceError('page-closed', how));
      page.once('close', end('the browser tab that ran the model was closed'));
      page.once('crash', end('the browser tab that ran the model crashed, possibly for lack of memory'));
    });
    // Whoever waits for an answer hears of it; nobody waiting is no reason to end the process.
    this.#gone.catch(() => undefined);
  }

  /** Rejects with the page's own error, or a DeviceError `page-closed`. */
  async ask(command: Command): Promise<Given> {
    const asked = this.page.evaluate(
      (own) => (globalThis as unknown as { vssm: (command: Command) => Promise<Answer> }).vssm(own),
      command,
    );
    let answer: Answer;
    try {
      answer = await Promise.race([asked, this.#gone]);
    } catch (error) {
      asked.catch(() => undefined);
      if (error instanceof DeviceError) throw error;
      if (this.page.isClosed()) await this.#gone;
      throw error;
    }
    if (!answer.ok) throw errorFrom(answer.error);
    return answer.value;
  }

  /** Offers a frame for as long as the command takes. */
  async askWith(frame: readonly Uint8Array[], command: (offer: string) => Command): Promise<Given> {
    const offer = this.#server.offer(frame);
    try {
      return await this.ask(command(offer));
    } finally {
      this.#server.withdraw(offer);
    }
  }

  /** As `askWith`, for a command that answers with a frame. */
  async exchange(
    frame: readonly Uint8Array[],
    command: (offer: string, answer: string) => Command,
  ): Promise<ArrayBuffer> {
    const answer = randomUUID();
    await this.askWith(frame, (offer) => command(offer, answer));
    return this.#server.take(answer);
  }

  async close(): Promise<void> {
    await this.page.close();
  }
}
