/** The GPUDevice that ONNX Runtime and our kernels share, with every limit the adapter has to give. */
/// <reference types="@webgpu/types" />
import { DeviceError, within } from '@vssm/backend';
import { mostStorageBuffers } from '@vssm/kernels/wgsl';

/** Features that ONNX Runtime's generated kernels make use of when they are there. */
const features: readonly GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query'];

/** Limits to ask for in full; the rest stays at WebGPU's defaults. */
const limits = [
  'maxStorageBuffersPerShaderStage',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/** What the kernels, ours and ONNX Runtime's, cannot do without, whatever the model. */
const leastLimits: Readonly<Partial<Record<(typeof limits)[number], number>>> = {
  maxStorageBuffersPerShaderStage: mostStorageBuffers,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupStorageSize: 16384,
};

/** A driver's first start takes seconds; some never answer (Mesa's beside all of Chromium's flags for Vulkan). */
const answerMs = 20_000;

const noAnswer = () =>
  new DeviceError(
    'no-adapter',
    `the browser's WebGPU gave no answer for ${answerMs / 1000} s: its graphics driver stands still`,
  );

/** @throws DeviceError `no-adapter` */
export async function findAdapter(): Promise<GPUAdapter> {
  const { gpu } = navigator as { readonly gpu?: GPU };
  if (gpu === undefined) {
    throw new DeviceError('no-adapter', 'this browser has no WebGPU');
  }
  const adapter = await within(
    answerMs,
    gpu.requestAdapter({ powerPreference: 'high-performance' }),
    noAnswer,
  );
  if (adapter === null) {
    throw new DeviceError('no-adapter', 'the browser found no WebGPU adapter');
  }
  return adapter;
}

/** @throws DeviceError `adapter-too-small` */
export function checkAdapter(adapter: Pick<GPUAdapter, 'limits' | 'info'>): void {
  for (const [name, least] of Object.entries(leastLimits)) {
    const value = adapter.limits[name as keyof typeof leastLimits];
    if (value < least) {
      throw new DeviceError(
        'adapter-too-small',
        `WebGPU adapter "${adapterName(adapter)}": ${name} is ${value}, the kernels need ${least}`,
      );
    }
  }
}

export function adapterName({ info }: Pick<GPUAdapter, 'info'>): string {
  const { vendor, architecture, device, description } = info;
  return description || [vendor, architecture, device].filter(Boolean).join(' ') || 'unnamed';
}

export interface SharedDevice {
  readonly device: GPUDevice;
  readonly adapter: GPUAdapter;
  /** The reason, once the device is gone. */
  lost: string | undefined;
  /** Rejects with a DeviceError `device-lost` when the device goes; never resolves. */
  readonly untilLost: Promise<never>;
}

let shared: Promise<SharedDevice> | undefined;

/** The page's device; a new one if the last was lost. */
export async function sharedDevice(): Promise<SharedDevice> {
  const current = await shared?.catch(() => undefined);
  if (current === undefined || current.lost !== undefined) shared = openDevice();
  return shared!;
}

async function openDevice(): Promise<SharedDevice> {
  const adapter = await findAdapter();
  checkAdapter(adapter);
  let device: GPUDevice;
  try {
    const asked = adapter.requestDevice({
      requiredFeatures: features.filter((feature) => adapter.features.has(feature)),
      requiredLimits: Object.fromEntries(limits.map((name) => [name, adapter.limits[name]])),
    });
    device = await within(answerMs, asked, noAnswer);
  } catch (cause) {
    if (cause instanceof DeviceError) throw cause;
    throw new DeviceError('no-adapter', `the WebGPU adapter gave no device: ${String(cause)}`, { cause });
  }
  const untilLost = device.lost.then(({ reason, message }) => {
    own.lost = message || reason || 'no reason given';
    throw new DeviceError('device-lost', `the WebGPU device was lost: ${own.lost}`);
  });
  untilLost.catch(() => undefined);
  const own: SharedDevice = { device, adapter, lost: undefined, untilLost };
  return own;
}

/**
 * Runs `make`, and tells running out of memory and refused calls from everything else.
 *
 * @throws DeviceError `out-of-memory`
 */
export async function watched<T>(device: GPUDevice, what: string, make: () => Promise<T> | T): Promise<T> {
  device.pushErrorScope('out-of-memory');
  device.pushErrorScope('validation');
  let made: T;
  let scopes: [GPUError | null, GPUError | null];
  try {
    made = await make();
  } finally {
    // Of a device that is gone there is nothing to pop; its loss is told elsewhere.
    const pop = () => device.popErrorScope().catch(() => null);
    scopes = [await pop(), await pop()];
  }
  const [invalid, exhausted] = scopes;
  if (exhausted !== null) {
    throw new DeviceError('out-of-memory', `WebGPU ran out of memory for ${what}`);
  }
  if (invalid !== null) throw new Error(`WebGPU refused ${what}: ${invalid.message}`);
  return made;
}
