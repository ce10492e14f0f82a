/**
 * The import table of docs/architecture.md: which workspace packages each package may import, besides core,
 * which every package may. `everything` lifts the restriction.
 */
export const everything = '*';

export const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  checkpoints: [],
  graph: [],
  kernels: [],
  backend: ['checkpoints'],
  'backend-cpu': ['backend', 'graph', 'kernels'],
  datasets: [],
  metrics: [],
  results: [],
  bench: ['backend', 'backend-cpu', 'datasets', 'metrics', 'results', 'checkpoints'],
  report: ['results'],
  cli: [everything],
  'workspace-lint': [],
};

/** The packages that may import ONNX Runtime, and nobody else. */
export const onnxRuntimePackages: readonly string[] = ['backend-cpu'];

/** What a benchmark package (benchmarks/<table>) may import. */
export const benchmarksMayImport: readonly string[] = ['bench'];
