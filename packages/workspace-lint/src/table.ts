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
  'backend-cpu': ['backend', 'dense', 'graph', 'kernels'],
  'backend-cuda': ['backend', 'graph'],
  'backend-webgpu': ['backend', 'backend-cpu', 'graph', 'kernels'],
  datasets: [],
  metrics: [],
  dense: [],
  results: [],
  bench: [
    'backend',
    'backend-cpu',
    'backend-cuda',
    'backend-webgpu',
    'datasets',
    'dense',
    'metrics',
    'results',
    'checkpoints',
  ],
  report: ['results'],
  train: ['backend', 'backend-cpu', 'checkpoints', 'datasets', 'graph', 'kernels', 'results'],
  web: ['backend', 'backend-webgpu', 'checkpoints', 'datasets', 'report', 'results'],
  cli: [everything],
  fuzz: [],
  'workspace-lint': [],
};

/** The packages that may import ONNX Runtime, and nobody else. */
export const onnxRuntimePackages: readonly string[] = ['backend-cpu', 'backend-cuda', 'backend-webgpu'];

/** What a benchmark package (benchmarks/<table>) may import. */
export const benchmarksMayImport: readonly string[] = ['bench', 'train'];
