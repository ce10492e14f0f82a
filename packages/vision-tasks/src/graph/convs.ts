/** Layers on maps [B, C, H, W] that the heads of detectors and segmenters are made of; parameters by upstream's names. */
import { absent, float, foldedConv, type GraphBuilder, type Parameters, type Value } from '@vssm/graph';

export interface Stage {
  readonly g: GraphBuilder;
  readonly parameters: Parameters;
}

export interface ConvOptions {
  /** Default 1. */
  readonly stride?: number;
}

/** `<name>.weight` and `<name>.bias`; at stride 1 the size stays. */
export function conv(stage: Stage, name: string, x: Value, options: ConvOptions = {}): Value {
  const { parameters } = stage;
  const [, , kernel] = parameters.tensor(`${name}.weight`).shape;
  return convolve(
    stage,
    x,
    parameters.plain(`${name}.weight`),
    parameters.plain(`${name}.bias`),
    kernel,
    options,
  );
}

/** A convolution without bias and the BatchNorm over it, as one convolution. */
export function normedConv(
  stage: Stage,
  weightName: string,
  batchNormName: string,
  x: Value,
  options: ConvOptions = {},
): Value {
  const { weight, bias } = foldedConv(stage.parameters, weightName, batchNormName);
  const [, , kernel] = stage.parameters.tensor(`${weightName}.weight`).shape;
  return convolve(stage, x, weight, bias, kernel, options);
}

/** mmcv's ConvModule: `<name>.conv`, `<name>.bn`. */
export function convModule(stage: Stage, name: string, x: Value, options: ConvOptions = {}): Value {
  return normedConv(stage, `${name}.conv`, `${name}.bn`, x, options);
}

function convolve(
  { g }: Stage,
  x: Value,
  weight: Value,
  bias: Value,
  kernel: number,
  { stride = 1 }: ConvOptions,
): Value {
  const pad = (kernel - 1) / 2;
  return g.op('Conv', [x, weight, bias], {
    attributes: { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] },
  });
}

/** Transposed convolution of kernel and stride 2. */
export function deconv2x2({ g, parameters }: Stage, name: string, x: Value): Value {
  return g.op('ConvTranspose', [x, parameters.plain(`${name}.weight`), parameters.plain(`${name}.bias`)], {
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
  });
}

/** BatchNorm at inference. */
export function batchNorm({ g, parameters }: Stage, name: string, x: Value, output?: string): Value {
  const own = ['weight', 'bias', 'running_mean', 'running_var'].map((part) =>
    parameters.plain(`${name}.${part}`),
  );
  return g.op('BatchNormalization', [x, ...own], {
    attributes: { epsilon: float(1e-5) },
    ...(output !== undefined && { name: output }),
  });
}

export function relu({ g }: Stage, x: Value): Value {
  return g.op('Relu', [x]);
}

/** Height and width of a map as the graph knows them when it runs, int64 [2]. */
export type RunTimeSize = Value;

export function sizeOfMap({ g }: Stage, map: Value): RunTimeSize {
  return g.op('Shape', [map], { attributes: { start: 2, end: 4 } });
}

/** PyTorch's interpolate with align_corners=False, to a given size. */
export function resize({ g }: Stage, x: Value, mode: 'bilinear' | 'nearest', size: RunTimeSize): Value {
  return g.op('Resize', [x, absent, absent, size], {
    attributes:
      mode === 'bilinear'
        ? { mode: 'linear', coordinate_transformation_mode: 'half_pixel', axes: [2, 3] }
        : {
            mode: 'nearest',
            coordinate_transformation_mode: 'asymmetric',
            nearest_mode: 'floor',
            axes: [2, 3],
          },
  });
}

/** Tokens [B, H·W, C] → map [B, C, H, W] */
export function mapOfTokens({ g }: Stage, tokens: Value, channels: number, size: RunTimeSize): Value {
  const planes = g.op('Transpose', [tokens], { attributes: { perm: [0, 2, 1] } });
  const shape = g.op('Concat', [g.ints([0, channels]), size], { attributes: { axis: 0 } });
  return g.op('Reshape', [planes, shape]);
}

/** Map [B, C, H, W] → tokens [B, H·W, C] */
export function tokensOfMap({ g }: Stage, map: Value, channels: number): Value {
  const planes = g.op('Reshape', [map, g.ints([0, channels, -1])]);
  return g.op('Transpose', [planes], { attributes: { perm: [0, 2, 1] } });
}

/** Axes of a map that is an input or output, of any size. */
export function mapAxes(name: string, channels: number): (number | string)[] {
  return ['batch', channels, `${name}_height`, `${name}_width`];
}
