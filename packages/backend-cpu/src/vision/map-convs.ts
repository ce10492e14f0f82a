/**
 * The 3 x 3 convolutions of the detectors, some in a row, on maps whose cells are rows of channels in the kernels' memory:
 * by the native kernel where there is one, else by ONNX Runtime.
 */
import { type Region, winogradScratch, winogradWeights } from '@vssm/kernels';
import { type MapConv, mapConvsStage, visionNames } from '@vssm/vision-tasks/graph';
import type { KernelPlace } from './kernel-place.ts';
import { StageSession } from './stage.ts';

/** Maps of one size, one after the other. */
export interface MapSize {
  readonly maps: number;
  readonly height: number;
  readonly width: number;
}

/** What a run needs beside its input and output, any content. */
interface Room {
  /** As large as the widest of the maps between two convolutions, if there are two; byte offset. */
  readonly spare?: number;
  /** As `scratchFor` says; byte offset. */
  readonly scratch: number;
}

/** Convolutions in a row. Places are byte offsets of adjacent rows. */
export interface MapConvs {
  /** @param from read only; @param to also holds what is between two convolutions, so that none may be wider */
  run(size: MapSize, from: number, to: number, room: Room): void | Promise<void>;
  dispose(): Promise<void>;
}

/** Floats of a room's scratch, for convolutions of up to so many channels. */
export function scratchFor({ kernels }: KernelPlace, channels: number): number {
  return kernels.winograd === undefined ? 1 : winogradScratch(channels);
}

/** Weights of native convolutions stay in the arena for good. */
export async function mapConvs(
  place: KernelPlace,
  convs: readonly MapConv[],
  threads: number,
): Promise<MapConvs> {
  if (place.kernels.winograd !== undefined) return new KernelConvs(place, convs);
  return new SessionConvs(place, convs, await StageSession.create(mapConvsStage(convs), threads));
}

class KernelConvs implements MapConvs {
  readonly #kernels: KernelPlace['kernels'];
  readonly #convs: readonly {
    readonly conv: MapConv;
    readonly weight: Region<Float32Array>;
    readonly bias: Region<Float32Array>;
  }[];

  constructor({ arena, kernels }: KernelPlace, convs: readonly MapConv[]) {
    this.#kernels = kernels;
    this.#convs = convs.map((conv) => ({
      conv,
      weight: arena.place(winogradWeights(conv.weight, conv.outputs)),
      bias: arena.place(conv.bias),
    }));
  }

  run({ maps, height, width }: MapSize, from: number, to: number, { spare, scratch }: Room): void {
    let x = from;
    for (const [i, { conv, weight, bias }] of this.#convs.entries()) {
      // The last one writes to `to`, the others take turns.
      const next = (this.#convs.length - i) % 2 === 1 ? to : spare!;
      this.#kernels.winograd!({
        ...{ maps, rows: height, columns: width, channels: conv.channels, outputs: conv.outputs },
        ...{ weight: weight.at, bias: bias.at, activation: conv.activation, scratch },
        x: { at: x, stride: conv.channels },
        to: { at: next, stride: conv.outputs },
      });
      x = next;
    }
  }

  async dispose(): Promise<void> {}
}

class SessionConvs implements MapConvs {
  readonly #place: KernelPlace;
  readonly #channels: number;
  readonly #outputs: number;
  readonly #session: StageSession;

  constructor(place: KernelPlace, convs: readonly MapConv[], session: StageSession) {
    this.#place = place;
    this.#channels = convs[0].channels;
    this.#outputs = convs.at(-1)!.outputs;
    this.#session = session;
  }

  async run({ maps, height, width }: MapSize, from: number, to: number): Promise<void> {
    const tensor = (at: number, channels: number) => {
      const shape = [maps, height, width, channels];
      const count = maps * height * width * channels;
      return { data: new Float32Array(this.#place.arena.memory.buffer, at, count), shape };
    };
    await this.#session.run(
      { [visionNames.maps]: tensor(from, this.#channels) },
      { [visionNames.nextMaps]: tensor(to, this.#outputs) },
    );
  }

  dispose(): Promise<void> {
    return this.#session.dispose();
  }
}
