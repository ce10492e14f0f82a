/**
 * Starting a browser whose WebGPU answers. No one set of flags does on every machine: headless Linux reaches a
 * graphics card only through all of Vulkan's flags together, and with these and Mesa's drivers installed
 * `requestAdapter` never answers. So the sets are tried in turn, each for a limited time.
 */
import { DeviceError, within } from '@vssm/backend';
import { type Browser as Chromium, chromium } from 'playwright-core';

/**
 * The browser finds no other machine: no name has an address, and the page is asked for by its own, 127.0.0.1. What
 * Playwright switches off of the browser's own traffic is not all: Debian's Chromium asks for update.googleapis.com,
 * and `--enable-features` below takes the place of Playwright's, which keeps it from accounts.google.com.
 */
const noNetwork: readonly string[] = ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'];

/** The sandbox needs rights that containers and root do not have; the only page that is ever opened is ours. */
const always = ['--no-sandbox'];

/** WebGPU also where the browser's own list of drivers leaves it out, software adapters included. */
const webgpu = [...always, '--enable-unsafe-webgpu'];

const vulkan = ['--enable-features=Vulkan', '--disable-vulkan-surface'];

/** The first set that answers is the one that is used. */
export const webgpuFlagSets: readonly (readonly string[])[] =
  process.platform === 'linux'
    ? [
        // Without a window, Linux gets at the graphics card through Vulkan only (Chrome's advice for headless servers).
        [...webgpu, ...vulkan, '--use-angle=vulkan'],
        [...webgpu, ...vulkan],
        webgpu,
      ]
    : [webgpu];

/** For pages without WebGPU: no driver is touched. */
export const plainFlags: readonly string[] = always;

/** An adapter answers within 0.3 s on an idle machine; a busy one, or a driver's first start, takes some seconds. */
const answerMs = 10_000;

/** What a signal does is for the program to decide; its end ends the browser too. */
const leaveSignals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };

/** Where this process found an answer: the next browser need not look again. */
const answered = new Map<string, readonly string[]>();

/**
 * @param flagSets to try; of several, the first whose WebGPU answers, were it that there is no adapter
 * @throws DeviceError `no-browser`; `no-adapter` where no set answers
 */
export async function launchBrowser(
  executablePath: string,
  flagSets = webgpuFlagSets,
  limitMs = answerMs,
): Promise<Chromium> {
  if (flagSets.length === 1) return launch(executablePath, flagSets[0]);
  const known = answered.get(executablePath);
  if (known !== undefined && flagSets.includes(known)) return launch(executablePath, known);
  for (const flags of flagSets) {
    const browser = await launch(executablePath, flags);
    if (await webgpuAnswers(browser, limitMs)) {
      answered.set(executablePath, flags);
      return browser;
    }
    await browser.close();
  }
  throw new DeviceError(
    'no-adapter',
    `WebGPU of browser "${executablePath}" does not answer within ${limitMs / 1000} s, whatever flags it is started with`,
  );
}

async function launch(executablePath: string, flags: readonly string[]): Promise<Chromium> {
  try {
    return await chromium.launch({ executablePath, args: [...flags, ...noNetwork], ...leaveSignals });
  } catch (cause) {
    const [reason] = String(cause).split('\n');
    throw new DeviceError('no-browser', `browser "${executablePath}" does not start: ${reason}`, { cause });
  }
}

/** Whether `requestAdapter` comes back, with an adapter or without. */
async function webgpuAnswers(browser: Chromium, limitMs: number): Promise<boolean> {
  const asking = askForAdapter(browser);
  try {
    await within(limitMs, asking, () => new DeviceError('no-adapter', 'no answer'));
    return true;
  } catch {
    return false;
  }
}

async function askForAdapter(browser: Chromium): Promise<void> {
  const context = await browser.newContext();
  const page = await context.newPage();
  // Only a page from this machine or over TLS has WebGPU; this one never reaches the network.
  await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: '' }));
  await page.goto('http://127.0.0.1/');
  await page.evaluate(async () => {
    await (navigator as { readonly gpu?: GPU }).gpu?.requestAdapter({ powerPreference: 'high-performance' });
  });
  await context.close();
}
