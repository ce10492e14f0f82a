/**
 * PlainMamba's convolution on the grid and its four scans on the device. Where the tokens are on the grid, and how
 * the snakes run through those that are left, is worked out on the device once per phase.
 */
import { scanDirections, snakeOrders, type Weights } from '@vssm/core';
import { type PlainMambaSpec, plainMambaGrid, sequenceLength } from '@vssm/families';
import { foldedBatchNorm } from '@vssm/graph';
import {
  cellTokensShader,
  type GridConvShape,
  gridConvShader,
  meanRowShader,
  packGridConv,
  packScanParameters,
  packSnakes,
  rowGrid,
  type ScanPass,
  type SnakeDirection,
  scanGrid,
  scanShader,
  snakeStepsShader,
} from '@vssm/kernels/wgsl';
import { filledBuffer, storageBuffer } from './buffers.ts';
import type { Dispatch } from './dispatch.ts';
import type { Mixer, MixerContext } from './mixer.ts';
import type { Phase } from './phases.ts';

const directions: readonly SnakeDirection[] = [0, 1, 2, 3];

/** Tables of one phase. */
interface Places {
  /** [B, cells]: the token in each cell, or -1 */
  readonly tokens: GPUBuffer;
  /** [B, 4, K, 3], see `snakeStepsShader` */
  readonly steps: GPUBuffer;
}

export function createPlainMambaMixer(context: MixerContext<PlainMambaSpec>): Mixer {
  const { device, kernels, spec, weights, plan, batch, phases } = context;
  const { xz, sets, y, signal, reference } = context.buffers;
  const { innerWidth: E, width: d, depth } = spec;
  const { height: rows, width: columns } = plainMambaGrid(spec);
  const cells = sequenceLength(spec);
  const scan = { channels: E, states: spec.stateSize, dtRank: spec.dtRank };
  const [shared] = sets;
  const parameters = Array.from({ length: depth }, (_, block) => upload(device, spec, weights, block));
  const snakes = filledBuffer(device, 'snakes', packSnakes(snakeOrders(rows, columns)));

  const ownPlaces = ({ length }: Phase, step: number): Places => ({
    tokens: storageBuffer(device, `tokens of cells, step ${step}`, 4 * batch * cells),
    steps: storageBuffer(device, `snake steps, step ${step}`, 4 * batch * scanDirections * length * 3),
  });
  const fillPlaces = ({ shape, positions }: Phase, { tokens, steps }: Places): Dispatch[] => [
    kernels.dispatch(cellTokensShader({ rows, columns }), [shape, positions, tokens], (images) =>
      rowGrid(cells, 1, images),
    ),
    kernels.dispatch(snakeStepsShader({ rows, columns }), [shape, snakes, tokens, steps], (images) => [
      scanDirections,
      1,
      images,
    ]),
  ];
  // Under `mask` no token leaves the sequence, and the first phase's tables serve all.
  const places: Places[] = [];
  for (const [step, phase] of phases.entries()) {
    places.push(step > 0 && plan.alignment === 'mask' ? places[0] : ownPlaces(phase, step));
  }

  const gridConv = (shape: GridConvShape, step: number, from: GPUBuffer, packed: GPUBuffer, to: GPUBuffer) =>
    kernels.dispatch(
      gridConvShader(shape),
      [phases[step].shape, from, packed, phases[step].positions, places[step].tokens, to],
      (images) => rowGrid(shape.channels, phases[step].length, images),
    );
  const innerConv: GridConvShape = {
    rows,
    columns,
    channels: E,
    kernel: spec.convKernel,
    stride: 2 * E,
    activation: 'silu',
  };
  const streamConv: GridConvShape = {
    rows,
    columns,
    channels: d,
    kernel: 3,
    stride: d,
    activation: 'none',
  };

  return {
    setup: fillPlaces(phases[0], places[0]),
    buffers: [
      snakes,
      ...new Set(places.flatMap(({ tokens, steps }) => [tokens, steps])),
      ...parameters.flatMap((own) => [own.conv, own.scan, ...(own.stream === undefined ? [] : [own.stream])]),
    ],
    convolve: (block, step) => [gridConv(innerConv, step, xz, parameters[block].conv, shared.u)],
    scan: (block, step, leaves) =>
      directions.map((direction) => {
        const last = direction === 3;
        const gate = { scale: 1, ...(leaves !== undefined && { leaves }) };
        const pass: ScanPass = { direction, accumulate: direction > 0, ...(last && { gate }) };
        return kernels.dispatch(
          scanShader(scan, pass),
          [
            phases[step].shape,
            shared.projected,
            shared.delta,
            shared.u,
            parameters[block].scan,
            places[step].steps,
            y,
            ...(last ? [xz] : []),
            ...(last && leaves !== undefined ? [signal] : []),
          ],
          (images) => scanGrid(scan, images),
        );
      }),
    // A layer's biases would fill them.
    zeroesGone: false,
    headReads: 'live-tokens',
    begin: (step) => (places[step] === places[0] ? [] : fillPlaces(phases[step], places[step])),
    reference: ({ shape, live }) => [
      kernels.dispatch(meanRowShader(E), [shape, y, live, reference], (images) => rowGrid(E, 1, images)),
    ],
    convolveStream(block, step, from, to) {
      const { stream } = parameters[block];
      return stream && gridConv(streamConv, step, from, stream, to);
    },
  };
}

function upload(device: GPUDevice, spec: PlainMambaSpec, weights: Weights, block: number) {
  const layer = `backbone.layers.${block}`;
  const own = (name: string) => weights.get(`${layer}.mamba.${name}`)!.data;
  const scan = packScanParameters(
    { channels: spec.innerWidth, states: spec.stateSize, dtRank: spec.dtRank },
    {
      aLog: own('A_log'),
      // Upstream adds dt_proj's bias twice, once in the projection and once in the scan.
      deltaBias: own('dt_proj.bias').map((bias) => 2 * bias),
      d: own('D'),
      directionB: own('direction_Bs'),
    },
  );
  const conv = packGridConv(own('conv2d.weight'), own('conv2d.bias'));
  const hasStream = spec.depthwiseLayers.includes(block);
  return {
    scan: filledBuffer(device, `scan parameters ${block}`, scan),
    conv: filledBuffer(device, `convolution ${block}`, conv),
    stream: hasStream ? uploadStreamConv(device, weights, layer) : undefined,
  };
}

function uploadStreamConv(device: GPUDevice, weights: Weights, layer: string): GPUBuffer {
  const { weight, bias } = foldedBatchNorm(weights, `${layer}.dw.0`, `${layer}.dw.1`);
  return filledBuffer(device, `${layer}.dw`, packGridConv(weight, bias));
}
