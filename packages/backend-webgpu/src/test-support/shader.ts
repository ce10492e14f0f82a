/** For the tests: one WGSL kernel run alone in a tab, and its arguments laid out for its TypeScript twin. */
import type { Grid, Shader } from '@vssm/kernels/wgsl';
import type { Tab } from '../driver/browser.ts';

type Numbers = Float32Array | Int32Array | Uint32Array;

/** @returns what the shader's `write` bindings hold afterwards, in order, as 32-bit words */
export async function runShader(
  { page }: Tab,
  { code, bindings }: Shader,
  buffers: readonly Numbers[],
  grid: Grid,
): Promise<ArrayBuffer[]> {
  const words = await page.evaluate(runInPage, {
    code,
    kinds: [...bindings],
    grid: [...grid],
    buffers: buffers.map((data) => [...new Uint32Array(data.buffer, data.byteOffset, data.length)]),
  });
  return words.map((own) => Uint32Array.from(own).buffer);
}

interface Job {
  readonly code: string;
  readonly kinds: readonly string[];
  readonly grid: readonly number[];
  readonly buffers: readonly number[][];
}

/** Runs in the page, so it can use nothing of this file. */
async function runInPage({ code, kinds, grid, buffers }: Job): Promise<number[][]> {
  const own = globalThis as unknown as { testDevice?: Promise<GPUDevice> };
  own.testDevice ??= navigator.gpu.requestAdapter().then((adapter) => adapter!.requestDevice());
  const device = await own.testDevice;
  device.pushErrorScope('validation');
  const types = { uniform: 'uniform', read: 'read-only-storage', write: 'storage' } as const;
  const layout = device.createBindGroupLayout({
    entries: kinds.map((kind, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type: types[kind as keyof typeof types] },
    })),
  });
  const resources = buffers.map((words, at) => {
    const buffer = device.createBuffer({
      size: Math.max(16, 4 * words.length),
      usage:
        GPUBufferUsage.COPY_DST |
        GPUBufferUsage.COPY_SRC |
        (kinds[at] === 'uniform' ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE),
    });
    device.queue.writeBuffer(buffer, 0, Uint32Array.from(words));
    return buffer;
  });
  const pipeline = device.createComputePipeline({
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module: device.createShaderModule({ code }) },
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    device.createBindGroup({
      layout,
      entries: resources.map((buffer, binding) => ({ binding, resource: { buffer } })),
    }),
  );
  pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
  pass.end();
  const outputs = resources
    .map((buffer, at) => ({ buffer, size: 4 * buffers[at].length, written: kinds[at] === 'write' }))
    .filter(({ written }) => written)
    .map(({ buffer, size }) => {
      const copy = device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
      encoder.copyBufferToBuffer(buffer, 0, copy, 0, size);
      return copy;
    });
  device.queue.submit([encoder.finish()]);
  const error = await device.popErrorScope();
  if (error !== null) throw new Error(error.message);
  return Promise.all(
    outputs.map(async (copy) => {
      await copy.mapAsync(GPUMapMode.READ);
      return [...new Uint32Array(copy.getMappedRange())];
    }),
  );
}

/** Arrays side by side in one buffer, as the twins want their arguments. */
export class Layout {
  readonly #parts: Numbers[] = [];
  #top = 0;

  /** Byte offset of the array. */
  place(data: Numbers): number {
    const at = this.#top;
    this.#parts.push(data);
    this.#top += data.byteLength;
    return at;
  }

  get buffer(): ArrayBuffer {
    const bytes = new Uint8Array(this.#top);
    let at = 0;
    for (const { buffer, byteOffset, byteLength } of this.#parts) {
      bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
      at += byteLength;
    }
    return bytes.buffer;
  }
}

/** Numbers spread evenly over low … high in an order without pattern, the same ones every time. */
export function spread(count: number, low: number, high: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, i) => {
    const phase = ((i + 1) * 0.6180339887498949 + seed * 0.7548776662466927) % 1;
    return low + (high - low) * ((phase * 97) % 1);
  });
}

/** [images, length] rising positions with gaps of 0, 1 and 2. */
export function gappyPositions(images: number, length: number): Int32Array<ArrayBuffer> {
  const positions = new Int32Array(images * length);
  for (let image = 0; image < images; image++) {
    let position = image;
    for (let token = 0; token < length; token++) {
      positions[image * length + token] = position;
      position += 1 + ((token * (image + 2)) % 3);
    }
  }
  return positions;
}

/** Infinity where a value is not a number. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (Number.isNaN(difference)) return Infinity;
    largest = Math.max(largest, difference);
  }
  return largest;
}
