/**
 * A software Vulkan adapter for tests on machines without a GPU: the one that Chromium brings along. Does nothing
 * where VK_ICD_FILENAMES already names one.
 */
import { existsSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { findBrowser } from '../../driver/find-browser.ts';

/** Keeps a library in the process although it is no addon: glibc's RTLD_NODELETE. */
const stay = 0x1000;

export function useSoftwareVulkan(): void {
  if (process.platform !== 'linux' || process.env.VK_ICD_FILENAMES !== undefined) return;
  for (const folder of foldersOfBrowsers()) {
    const driver = join(folder, 'vk_swiftshader_icd.json');
    if (!existsSync(driver)) continue;
    process.env.VK_ICD_FILENAMES = driver;
    const loader = join(folder, 'libvulkan.so.1');
    if (existsSync(loader)) {
      try {
        process.dlopen({ exports: {} }, loader, constants.dlopen.RTLD_NOW | stay);
      } catch {
        // It is not an addon, which Node says after having loaded it; whoever needs it next finds it.
      }
    }
    return;
  }
}

function foldersOfBrowsers(): string[] {
  const usual = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome'];
  try {
    return [dirname(realpathSync(findBrowser())), ...usual];
  } catch {
    return usual;
  }
}
