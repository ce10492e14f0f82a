/**
 * The import table of docs/architecture.md: which workspace packages each package may import, besides core,
 * which every package may. `everything` lifts the restriction.
 */
export const everything = '*';

export const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  checkpoints: [],
  graph: [],
  families: ['checkpoints', 'graph'],
  kernels: [],
  backend: ['checkpoints', 'families'],
  'backend-cpu': ['backend', 'vision-tasks', 'families', 'graph', 'kernels'],
  'backend-cuda': ['backend', 'families', 'graph'],
  'backend-webgpu': ['backend', 'backend-cpu', 'families', 'graph', 'kernels'],
  datasets: [],
  metrics: [],
  'vision-tasks': ['checkpoints', 'families', 'graph'],
  results: ['families'],
  bench: [
    'backend',
    'backend-cpu',
    'backend-cuda',
    'backend-webgpu',
    'datasets',
    'vision-tasks',
    'families',
    'metrics',
    'results',
    'checkpoints',
  ],
  report: ['families', 'results'],
  train: [
    'backend',
    'backend-cpu',
    'checkpoints',
    'datasets',
    'families',
    'graph',
    'kernels',
    'metrics',
    'results',
    'vision-tasks',
  ],
  web: ['backend', 'backend-webgpu', 'checkpoints', 'datasets', 'families', 'report', 'results'],
  cli: [everything],
  fuzz: [],
  'workspace-lint': ['bench'],
};

/** What tests of a package, and what serves tests alone, may import besides. */
export const testsMayImport: Readonly<Record<string, readonly string[]>> = {
  // The browser that the report is looked at in.
  report: ['backend-webgpu'],
};

/** The packages that may import ONNX Runtime, and nobody else. */
export const onnxRuntimePackages: readonly string[] = ['backend-cpu', 'backend-cuda', 'backend-webgpu'];

/** What a benchmark package (benchmarks/<table>) may import. */
export const benchmarksMayImport: readonly string[] = ['bench', 'families', 'results', 'train'];
