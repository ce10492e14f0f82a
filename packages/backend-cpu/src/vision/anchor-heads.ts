/**
 * What a detector says of every anchor: the proposal network of a Mask R-CNN, the head of a RetinaNet. ONNX stages around kernels
 * for the 3 x 3 convolutions, or one stage where there are none.
 */
import type { Weights } from '@vssm/core';
import type { Region } from '@vssm/kernels';
import type { AnchorMaps, DetectorSpec, NumberMap } from '@vssm/vision-tasks';
import {
  anchorRowsStage,
  channelsFirstStage,
  proposalConv,
  proposalOutputsStage,
  retinaConvs,
  visionNames,
} from '@vssm/vision-tasks/graph';
import type { KernelPlace } from './kernel-place.ts';
import { type LevelRows, rowsAt, rowsOfLevel, spareRows } from './level-rows.ts';
import { type MapConvs, mapConvs } from './map-convs.ts';
import { mapFrom } from './segmenter.ts';
import { StageSession, type StageTensor } from './stage.ts';

export interface AnchorHead {
  /** Takes room for images of one size from the arena, before the first of them. */
  takeRoom(levels: readonly LevelRows[]): void;
  /** @param scratch see `scratchFor`; byte offset */
  run(levels: readonly LevelRows[], scratch: number): Promise<readonly AnchorMaps[]>;
  dispose(): Promise<void>;
}

export async function anchorHead(
  spec: DetectorSpec,
  weights: Weights,
  place: KernelPlace,
  threads: number,
): Promise<AnchorHead> {
  if (place.kernels.winograd === undefined) {
    return new SessionHead(await StageSession.create(anchorRowsStage(spec, weights), threads));
  }
  switch (spec.kind) {
    case 'maskrcnn':
      return new ProposalHead(
        await mapConvs(place, [proposalConv(weights)], threads),
        await StageSession.create(proposalOutputsStage(spec, weights), threads),
      );
    case 'retinanet':
      return RetinaHead.create(weights, place, threads);
    default:
      throw spec satisfies never;
  }
}

/** A level is one run of one stage. */
class SessionHead implements AnchorHead {
  readonly #session: StageSession;

  constructor(session: StageSession) {
    this.#session = session;
  }

  takeRoom(): void {}

  async run(levels: readonly LevelRows[]): Promise<readonly AnchorMaps[]> {
    const found: AnchorMaps[] = [];
    for (const level of levels) {
      const { height, width, channels } = level;
      const { data } = rowsOfLevel(level);
      const outputs = await this.#session.run({
        [visionNames.maps]: { data, shape: [1, height, width, channels] },
      });
      found.push({
        scores: mapFrom(outputs[visionNames.scores(0)]),
        deltas: mapFrom(outputs[visionNames.deltas(0)]),
      });
    }
    return found;
  }

  dispose(): Promise<void> {
    return this.#session.dispose();
  }
}

class ProposalHead implements AnchorHead {
  readonly #conv: MapConvs;
  readonly #outputs: StageSession;

  constructor(conv: MapConvs, outputs: StageSession) {
    this.#conv = conv;
    this.#outputs = outputs;
  }

  takeRoom(): void {}

  async run(levels: readonly LevelRows[], scratch: number): Promise<readonly AnchorMaps[]> {
    const found: AnchorMaps[] = [];
    for (const level of levels) {
      const { height, width } = level;
      await this.#conv.run({ maps: 1, height, width }, level.at, level.spare, { scratch });
      const outputs = await this.#outputs.run({ [visionNames.maps]: spareRows(level) });
      found.push({
        scores: channelsFirst(outputs[visionNames.scores(0)], level),
        deltas: channelsFirst(outputs[visionNames.deltas(0)], level),
      });
    }
    return found;
  }

  async dispose(): Promise<void> {
    await this.#conv.dispose();
    await this.#outputs.dispose();
  }
}

interface Branch {
  readonly convs: MapConvs;
  readonly outputs: number;
  readonly channelsFirst: StageSession;
}

class RetinaHead implements AnchorHead {
  readonly #place: KernelPlace;
  readonly #scores: Branch;
  readonly #deltas: Branch;
  /** The largest level's rows of a branch's widest maps. */
  #wide: Region<Float32Array> | undefined;

  static async create(weights: Weights, place: KernelPlace, threads: number): Promise<RetinaHead> {
    const branch = async (name: 'cls' | 'reg'): Promise<Branch> => {
      const convs = retinaConvs(weights, name);
      const { outputs } = convs.at(-1)!;
      return {
        convs: await mapConvs(place, convs, threads),
        outputs,
        channelsFirst: await StageSession.create(channelsFirstStage(outputs), threads),
      };
    };
    return new RetinaHead(place, await branch('cls'), await branch('reg'));
  }

  constructor(place: KernelPlace, scores: Branch, deltas: Branch) {
    this.#place = place;
    this.#scores = scores;
    this.#deltas = deltas;
  }

  takeRoom([{ height, width, channels }]: readonly LevelRows[]): void {
    const widest = Math.max(channels, this.#scores.outputs, this.#deltas.outputs);
    this.#wide = this.#place.arena.float32(height * width * widest);
  }

  async run(levels: readonly LevelRows[], scratch: number): Promise<readonly AnchorMaps[]> {
    const found: AnchorMaps[] = [];
    const { at } = this.#wide!;
    const room = { spare: levels[0].spare, scratch };
    for (const level of levels) {
      const { height, width } = level;
      const branch = async ({ convs, outputs, channelsFirst: session }: Branch) => {
        await convs.run({ maps: 1, height, width }, level.at, at, room);
        const turned = await session.run({
          [visionNames.maps]: rowsAt(this.#place, at, height * width, outputs),
        });
        return channelsFirst(turned[visionNames.nextMaps], level);
      };
      found.push({ scores: await branch(this.#scores), deltas: await branch(this.#deltas) });
    }
    return found;
  }

  async dispose(): Promise<void> {
    for (const { convs, channelsFirst: session } of [this.#scores, this.#deltas]) {
      await convs.dispose();
      await session.dispose();
    }
  }
}

/** [channels, cells] as a map. */
function channelsFirst({ data, shape: [channels] }: StageTensor, { height, width }: LevelRows): NumberMap {
  return { channels, height, width, values: data };
}
