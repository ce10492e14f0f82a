import { describeConformance } from '@vssm/backend/test-support';
import { scanForms } from '@vssm/graph';
import { cpuBackend } from './index.ts';

// float32 against float64: the golden data's own float32 run differs from its float64 run by up to 3e-6.
const tolerance = { golden: 2e-5, relative: 1e-5 };
for (const [place, scan] of scanForms.entries()) {
  // The forms differ in one node, the scan: pruning and merging around it are the same, and tried whole with the first.
  const everyOption = place === 0 ? 1 : 5;
  await describeConformance(`cpu whole, ${scan}`, cpuBackend({ form: 'whole', scan }), tolerance, {
    everyOption,
  });
}
