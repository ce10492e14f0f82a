import { describe, expect, it } from 'vitest';
import { Arena } from './arena.ts';
import type { ConvOptions } from './conv/conv.ts';
import { createKernels, type Kernels, kernelImplementation, probeNative } from './kernels.ts';
import type { KernelImplementation } from './native/choice.ts';
import type { ScanOptions } from './scan/scan.ts';
import { describeImplementations } from './test-support/implementations.ts';
import { createMemory } from './webassembly.ts';

async function ready(
  implementation: KernelImplementation,
): Promise<{ kernels: Kernels; arena: Arena; end: number }> {
  const memory = createMemory();
  const arena = new Arena(memory);
  return { kernels: await createKernels(memory, { implementation }), arena, end: memory.buffer.byteLength };
}

function scanOptions(arena: Arena): ScanOptions {
  const rows = (width: number) => ({ at: arena.float32(6 * width).at, stride: width });
  return {
    ...{ batch: 2, length: 3, channels: 8, states: 4, direction: 'forward' },
    delta: rows(8),
    deltaBias: arena.float32(8).at,
    a: arena.float32(32).at,
    d: arena.float32(8).at,
    b: rows(4),
    c: rows(4),
    u: rows(8),
    y: rows(8),
  };
}

describeImplementations('a wrong call', (implementation) => {
  it('names the argument of the scan, and what was expected', async () => {
    const { kernels, arena, end } = await ready(implementation);
    const good = scanOptions(arena);
    const wrong = (change: Partial<ScanOptions>) => () => kernels.selectiveScan({ ...good, ...change });
    expect(wrong({})).not.toThrow();
    expect(wrong({ states: 6 })).toThrow('states is 6, expected a multiple of 4');
    expect(wrong({ states: 260 })).toThrow('states is 260, expected a whole number from 1 to 256');
    expect(wrong({ length: 0 })).toThrow('length is 0, expected a whole number');
    expect(wrong({ channels: 2.5 })).toThrow('channels is 2.5, expected a whole number');
    expect(wrong({ a: good.a + 2 })).toThrow(`a is at byte ${good.a + 2}, expected a multiple of 4`);
    expect(wrong({ d: 64 })).toThrow('d is at byte 64, the first');
    expect(wrong({ deltaBias: end - 28 })).toThrow(
      `deltaBias ends at byte ${end + 4}, the memory has ${end}`,
    );
    expect(wrong({ u: { ...good.u, stride: 7 } })).toThrow('u.stride is 7, less than its 8 floats a row');
    expect(wrong({ y: { ...good.y, imageStride: 16 } })).toThrow(
      'y.imageStride is 16, less than the 24 floats of an image',
    );
    expect(wrong({ b: { at: end - 4 * 23, stride: 4 } })).toThrow('b ends at byte');
    expect(wrong({ c: { at: Number.NaN, stride: 4 } })).toThrow('c is at byte NaN');
    expect(wrong({ positions: end })).toThrow('positions ends at byte');
    const positions = arena.int32(6);
    positions.view().set([0, 2, 3, 1, 4, 4]);
    expect(wrong({ positions: positions.at })).toThrow('positions[1][2] is 4 after 4, expected rising ones');
    expect(wrong({ gate: { z: { at: end, stride: 8 } } })).toThrow('gate.z ends at byte');
    expect(wrong({ own: { at: end - 4, stride: 8 } })).toThrow('own ends at byte');
    expect(wrong({ own: good.y, ownGated: true })).toThrow('ownGated is true, which needs a gate');
  });

  it('names the argument of the convolution', async () => {
    const { kernels, arena, end } = await ready(implementation);
    const rows = { at: arena.float32(24).at, stride: 8 };
    const good: ConvOptions = {
      ...{ batch: 1, length: 3, channels: 8, taps: 4, direction: 'backward' },
      x: rows,
      u: { at: arena.float32(24).at, stride: 8 },
      weight: arena.float32(32).at,
      bias: arena.float32(8).at,
    };
    const wrong = (change: Partial<ConvOptions>) => () => kernels.convSilu({ ...good, ...change });
    expect(wrong({})).not.toThrow();
    expect(wrong({ taps: 9 })).toThrow('taps is 9, expected a whole number from 1 to 8');
    expect(wrong({ x: { at: end - 32, stride: 8 } })).toThrow('x ends at byte');
    expect(wrong({ weight: end - 64 })).toThrow('weight ends at byte');
    expect(wrong({ u: { at: 1.5, stride: 8 } })).toThrow('u is at byte 1.5, expected a multiple of 4');
  });

  it('is a RangeError and writes nothing', async () => {
    const { kernels, arena } = await ready(implementation);
    const good = scanOptions(arena);
    const before = new Uint8Array(arena.memory.buffer).slice();
    expect(() => kernels.selectiveScan({ ...good, c: { at: -4, stride: 4 } })).toThrow(RangeError);
    expect(new Uint8Array(arena.memory.buffer)).toEqual(before);
  });
});

describeImplementations('kernels', (implementation) => {
  it('say what they run as', async () => {
    expect((await createKernels(createMemory(), { implementation })).implementation).toBe(implementation);
    expect(await kernelImplementation(implementation)).toBe(implementation);
  });

  it('go on where the memory has grown meanwhile', async () => {
    const { kernels, arena } = await ready(implementation);
    const options = scanOptions(arena);
    const y = () => [...new Float32Array(arena.memory.buffer, options.y.at, 48)];
    kernels.selectiveScan(options);
    const before = y();
    arena.reserve(100 * 2 ** 20);
    kernels.selectiveScan(options);
    expect(y()).toEqual(before);
  });

  it('share one memory with the other implementation', async () => {
    const { kernels, arena } = await ready(implementation);
    const others = await createKernels(arena.memory, { implementation: 'wasm' });
    const options = scanOptions(arena);
    const floats = new Float32Array(arena.memory.buffer);
    for (let at = options.delta.at / 4; at < options.y.at / 4; at++) floats[at] = -Math.abs(Math.sin(at));
    others.selectiveScan(options);
    const theirs = floats.slice(options.y.at / 4, options.y.at / 4 + 48);
    kernels.selectiveScan(options);
    others.selectiveScan(options);
    expect(floats.slice(options.y.at / 4, options.y.at / 4 + 48)).toEqual(theirs);
    expect(theirs.some((value) => value !== 0)).toBe(true);
  });
});

describe('createKernels', () => {
  it('takes native kernels where they are to be had', async () => {
    const { available } = await probeNative();
    expect(await kernelImplementation('auto')).toBe(available ? 'native' : 'wasm');
  });

  it('refuses a memory too small for its workspace', async () => {
    const memory = { buffer: new ArrayBuffer(65536), grow: () => 1 };
    await expect(createKernels(memory)).rejects.toThrow('the memory has 65536 bytes, the kernels need');
  });

  it('refuses a shared memory', async () => {
    const { WebAssembly } = globalThis as unknown as {
      WebAssembly: { Memory: new (of: object) => Parameters<typeof createKernels>[0] };
    };
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
    await expect(createKernels(memory)).rejects.toThrow(/shared/);
  });
});
