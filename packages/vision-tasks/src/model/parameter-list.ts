/** Collects names and shapes of trainable parameters, and of buffers (BatchNorm statistics, tables), by layer. */

type Shape = readonly number[];

export class ParameterList {
  readonly parameters = new Map<string, Shape>();
  readonly buffers = new Map<string, Shape>();

  add(name: string, shape: Shape): void {
    this.parameters.set(name, shape);
  }

  buffer(name: string, shape: Shape): void {
    this.buffers.set(name, shape);
  }

  /** `<name>.weight` and, unless left out, `<name>.bias` with one element per output. */
  layer(name: string, weight: Shape, options: { readonly bias: boolean } = { bias: true }): void {
    this.add(`${name}.weight`, weight);
    if (options.bias) this.add(`${name}.bias`, [weight[0]]);
  }

  /** A transposed convolution's weight is [inputs, outputs, k, k]. */
  transposed(name: string, inputs: number, outputs: number, kernel: number): void {
    this.add(`${name}.weight`, [inputs, outputs, kernel, kernel]);
    this.add(`${name}.bias`, [outputs]);
  }

  /** LayerNorm. */
  norm(name: string, channels: number): void {
    this.add(`${name}.weight`, [channels]);
    this.add(`${name}.bias`, [channels]);
  }

  batchNorm(name: string, channels: number): void {
    this.norm(name, channels);
    this.buffer(`${name}.running_mean`, [channels]);
    this.buffer(`${name}.running_var`, [channels]);
  }

  /** mmcv's ConvModule with a BatchNorm: `<name>.conv` without bias, `<name>.bn`. */
  normedConv(name: string, outputs: number, inputs: number, kernel: number): void {
    this.layer(`${name}.conv`, [outputs, inputs, kernel, kernel], { bias: false });
    this.batchNorm(`${name}.bn`, outputs);
  }
}
