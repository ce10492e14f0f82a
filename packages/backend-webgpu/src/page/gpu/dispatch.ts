/** Our kernels on a device: pipelines made once per shader, dispatches made once per model. */
import type { Grid, Shader } from '@vssm/kernels/wgsl';

/** One kernel with its buffers; only the number of images is open. */
export interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  grid(batch: number): Grid;
}

const kinds = { uniform: 'uniform', read: 'read-only-storage', write: 'storage' } as const;

export class Kernels {
  readonly #device: GPUDevice;
  readonly #pipelines = new Map<string, GPUComputePipeline>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** @param buffers in the order of the shader's bindings */
  dispatch(shader: Shader, buffers: readonly GPUBuffer[], grid: (batch: number) => Grid): Dispatch {
    const pipeline = this.#pipeline(shader);
    const group = this.#device.createBindGroup({
      label: shader.label,
      layout: pipeline.getBindGroupLayout(0),
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    return { pipeline, group, grid };
  }

  /** Sends dispatches to the device, one after another. */
  submit(dispatches: readonly Dispatch[], batch: number): void {
    if (dispatches.length === 0) return;
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const { pipeline, group, grid } of dispatches) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...grid(batch));
    }
    pass.end();
    this.#device.queue.submit([encoder.finish()]);
  }

  #pipeline({ label, code, bindings }: Shader): GPUComputePipeline {
    const known = this.#pipelines.get(code);
    if (known !== undefined) return known;
    const device = this.#device;
    const layout = device.createBindGroupLayout({
      label,
      entries: bindings.map((kind, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: kinds[kind] },
      })),
    });
    const pipeline = device.createComputePipeline({
      label,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: device.createShaderModule({ label, code }), entryPoint: 'main' },
    });
    this.#pipelines.set(code, pipeline);
    return pipeline;
  }
}
