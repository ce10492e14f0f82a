import { describeConformance } from '@vssm/backend/test-support';
import { cpuBackend } from '../index.ts';

// float32 against float64: the golden data's own float32 run differs from its float64 run by up to 3e-6.
const tolerance = { golden: 2e-5, relative: 1e-5 };
// Asked for by name, the WebAssembly kernels are tried once more beside whatever the machine runs: not with every option.
const everyOption = process.env.VSSM_KERNELS === 'wasm' ? 3 : 1;
await describeConformance('cpu segments', cpuBackend({ form: 'segments', mode: 'latency' }), tolerance, {
  everyOption,
});
