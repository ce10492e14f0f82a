import { referenceBackend } from './reference.ts';
import { describeConformance } from './test-support/conformance.ts';

// The golden logits were re-derived by an independent float64 program to 4e-15; summation order is all that differs.
await describeConformance('reference', referenceBackend, { golden: 1e-9, relative: 1e-12 });
