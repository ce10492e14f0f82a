/** Vim's convolution and its two scans on the device. */
import type { Direction, Weights } from '@vssm/core';
import { type BidirectionalModel, directionParameterNames } from '@vssm/families';
import {
  convShader,
  packConvWeights,
  packScanParameters,
  protectedMeanShader,
  rowGrid,
  type ScanPass,
  scanGrid,
  scanShader,
} from '@vssm/kernels/wgsl';
import { filledBuffer } from './buffers.ts';
import type { Mixer, MixerContext } from './mixer.ts';

const directions = ['forward', 'backward'] as const satisfies readonly Direction[];

export function createBidirectionalMixer(context: MixerContext<BidirectionalModel>): Mixer {
  const { device, kernels, spec, weights, phases, share } = context;
  const { xz, sets, y, signal, reference } = context.buffers;
  const { innerWidth: E, depth } = spec;
  const conv = { channels: E, taps: spec.convKernel };
  const scan = { channels: E, states: spec.stateSize, dtRank: spec.dtRank };
  const parameters = Array.from({ length: depth }, (_, block) => upload(device, spec, weights, block));
  return {
    setup: [],
    buffers: parameters.flatMap((own) => [own.conv, ...own.scan]),
    convolve: (block, step) => [
      kernels.dispatch(
        convShader(conv),
        [phases[step].shape, xz, parameters[block].conv, phases[step].tapPositions, sets[0].u, sets[1].u],
        (batch) => rowGrid(E, phases[step].length, batch),
      ),
    ],
    scan: (block, step, leaves) =>
      directions.map((direction, i) => {
        const last = i === 1;
        const gate = { scale: share, ...(leaves !== undefined && { leaves }) };
        const pass: ScanPass = { direction, accumulate: last, ...(last && { gate }) };
        return kernels.dispatch(
          scanShader(scan, pass),
          [
            phases[step].shape,
            sets[i].projected,
            sets[i].delta,
            sets[i].u,
            parameters[block].scan[i],
            phases[step].gapPositions,
            y,
            ...(last ? [xz] : []),
            ...(last && leaves !== undefined ? [signal] : []),
          ],
          (batch) => scanGrid(scan, batch),
        );
      }),
    begin: () => [],
    reference: ({ shape, protectedTokens }) => [
      kernels.dispatch(protectedMeanShader(E), [shape, y, protectedTokens, reference], (batch) =>
        rowGrid(E, 1, batch),
      ),
    ],
    convolveStream: () => undefined,
    // Nothing in a block has a bias there.
    zeroesGone: true,
    headReads: 'protected-tokens',
  };
}

function upload(device: GPUDevice, spec: BidirectionalModel, weights: Weights, block: number) {
  const { innerWidth: channels, stateSize: states, dtRank, convKernel: taps } = spec;
  const own = (name: string) => weights.get(`layers.${block}.mixer.${name}`)!.data;
  const conv = (direction: Direction) => {
    const { conv: name } = directionParameterNames[direction];
    return { weight: own(`${name}.weight`), bias: own(`${name}.bias`) };
  };
  const scan = directions.map((direction) => {
    const names = directionParameterNames[direction];
    const packed = packScanParameters(
      { channels, states, dtRank },
      { aLog: own(names.aLog), deltaBias: own(`${names.dtProj}.bias`), d: own(names.d) },
    );
    return filledBuffer(device, `scan parameters ${block} ${direction}`, packed);
  });
  const packed = packConvWeights({ channels, taps }, conv('forward'), conv('backward'));
  return { conv: filledBuffer(device, `convolution ${block}`, packed), scan };
}
