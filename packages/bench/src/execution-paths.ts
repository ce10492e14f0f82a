/**
 * Every way to carry out a model: each backend with each of its forms, in one list. The first of a backend is its
 * fastest in float32, and the one that its name alone means. Backends that drive a browser or a GPU are large, and loaded
 * when asked for.
 */
import { type Backend, type BackendName, referenceBackend } from '@vssm/backend';
import { cpuBackend } from '@vssm/backend-cpu';

export interface PathOptions {
  /** Path of the browser for `webgpu` and `wasm`; default: what is found on this machine. */
  readonly browser?: string;
}

export interface OpenedPath {
  /** As many images per second as it can. */
  readonly backend: Backend;
  /** One image as soon as it can. */
  readonly latency: Backend;
}

export interface ExecutionPath {
  readonly name: BackendName;
  /** Execution form of the models it loads. */
  readonly form: string;
  /** True: the products into and out of the mixers are float16. */
  readonly half?: true;
  /** True: a driver is loaded into Node itself, which may hang or end with it. */
  readonly driverInNode?: true;
  open(options: PathOptions): Promise<OpenedPath>;
}

const same = (backend: Backend): OpenedPath => ({ backend, latency: backend });
const given = ({ browser }: PathOptions) => (browser === undefined ? {} : { browser });

export const executionPaths: readonly ExecutionPath[] = [
  {
    name: 'cpu',
    form: 'segments',
    open: async () => ({
      backend: cpuBackend({ form: 'segments', mode: 'throughput' }),
      latency: cpuBackend({ form: 'segments', mode: 'latency' }),
    }),
  },
  {
    name: 'cpu',
    form: 'whole-scan',
    open: async () => same(cpuBackend({ form: 'whole', scan: 'scan' })),
  },
  {
    name: 'cpu',
    form: 'whole-linear-attention',
    open: async () => same(cpuBackend({ form: 'whole', scan: 'linear-attention' })),
  },
  {
    name: 'wasm',
    form: 'segments',
    open: async (options) => same((await import('@vssm/backend-webgpu')).wasmBackend(given(options))),
  },
  {
    name: 'webgpu',
    form: 'segments',
    open: async (options) => same((await import('@vssm/backend-webgpu')).webgpuBackend(given(options))),
  },
  ...wholeInNode('webgpu-node', async (precision) =>
    (await import('@vssm/backend-webgpu')).webgpuNodeBackend(precision),
  ),
  ...wholeInNode('cuda', async (precision) => (await import('@vssm/backend-cuda')).cudaBackend(precision)),
  { name: 'reference', form: 'reference', open: async () => same(referenceBackend) },
];

/** A driver in Node itself, in float32 and in half precision. */
function wholeInNode(
  name: BackendName,
  backend: (precision: 'f32' | 'f16') => Promise<Backend>,
): ExecutionPath[] {
  const common = { name, driverInNode: true } as const;
  const form = 'whole-linear-attention';
  return [
    { ...common, form, open: async () => same(await backend('f32')) },
    { ...common, form: `${form}-f16`, half: true, open: async () => same(await backend('f16')) },
  ];
}

/** The fastest form of a backend in float32: what its name alone means. */
export function defaultPath(name: BackendName): ExecutionPath {
  return executionPaths.find((path) => path.name === name)!;
}

/** @param form one that is in the list */
export function pathNamed(name: BackendName, form: string): ExecutionPath {
  return executionPaths.find((path) => path.name === name && path.form === form)!;
}

/** The library underneath with its version, and which kernels run; empty where there are none. */
export function runtimeOf({ runtime, kernels }: Readonly<Record<string, string>>): string {
  return [runtime, kernels].filter((part) => part !== undefined).join(', ');
}
