import { describeConformance } from '@vssm/backend/test-support';
import { wasmBackend } from './index.ts';
import { withBrowser } from './test-support/browser.ts';

await withBrowser(async (browser) => {
  const tab = await browser.openTab();
  // float32 against float64: the golden data's own float32 run differs from its float64 run by up to 3e-6.
  const tolerance = { golden: 2e-5, relative: 1e-5 };
  // It is the CPU's engine on other bindings, and that is tried with every merge; a third has each rule and operation.
  await describeConformance('wasm', wasmBackend({ tab }), tolerance, { everyMerge: 3 });
});
