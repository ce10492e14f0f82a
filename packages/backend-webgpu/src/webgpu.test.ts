import { describeConformance } from '@vssm/backend/test-support';
import { webgpuBackend } from './index.ts';
import { withBrowser } from './test-support/browser.ts';

await withBrowser(async (browser) => {
  const tab = await browser.openTab();
  // float32 against float64: the golden data's own float32 run differs from its float64 run by up to 3e-6.
  const tolerance = { golden: 2e-5, relative: 1e-5 };
  // A software adapter takes seconds for what a GPU does at once: all golden cases, and every fifth of the options.
  await describeConformance('webgpu', webgpuBackend({ tab }), tolerance, { everyOption: 5, merges: false });
});
