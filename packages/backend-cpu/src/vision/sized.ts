/** The stages of a detector or segmenter that depend on the size of the image; those of one size are kept at a time. */
import type { KernelMixer } from './kernel-mixer.ts';
import type { StageSession } from './stage.ts';

/** Pixels. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

export interface SizedStages {
  readonly embed: StageSession;
  readonly mixer: KernelMixer;
}

export class OneSize<Stages extends SizedStages> {
  readonly #create: (size: ImageSize) => Promise<Stages>;
  #held: { readonly size: ImageSize; readonly stages: Stages } | undefined;

  constructor(create: (size: ImageSize) => Promise<Stages>) {
    this.#create = create;
  }

  /** Those of another size are given back first. */
  async at({ height, width }: ImageSize): Promise<Stages> {
    const held = this.#held;
    if (held?.size.height === height && held.size.width === width) return held.stages;
    await this.dispose();
    const size = { height, width };
    const stages = await this.#create(size);
    this.#held = { size, stages };
    return stages;
  }

  async dispose(): Promise<void> {
    if (this.#held === undefined) return;
    const { embed, mixer } = this.#held.stages;
    this.#held = undefined;
    await Promise.all([embed.dispose(), mixer.dispose()]);
  }
}
