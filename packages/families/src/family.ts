/**
 * What a model family is: everything the rest of this project asks of one. A family is a folder here that fills in
 * the interfaces below, and a line in each of the four tables: `families` (table.ts), `familyGraphs` (graph/table.ts),
 * `familyCheckpoints` (checkpoint/table.ts) and `familySchemas` (schema.ts). A member or a line that is missing does
 * not compile. The tables are apart because not everybody loads everything: a report needs no ONNX, a browser no file
 * system.
 *
 * Beside these a backend with kernels of its own has one table of mixers, and nothing else outside this package names
 * a family. docs/adding-a-model.md adds one, step by step.
 */
import type { Checkpoint } from '@vssm/checkpoints';
import type { CountRule, Flops, FlopsProfile, PlanRules, PruningPlan, Weights } from '@vssm/core';
import type { ContributionReader, Observer, ReferencePrediction } from '@vssm/core/reference';
import type { EmitContext, EmittedModel, GraphBuilder, ProjectionSet, Segments, Value } from '@vssm/graph';

/** What every spec holds. Kernels, graphs and reports that serve all families read these fields only. */
export interface BaseSpec {
  readonly family: string;
  /** Input image, pixels. */
  readonly imageHeight: number;
  readonly imageWidth: number;
  readonly inChannels: number;
  /** Side of what becomes one token, pixels. */
  readonly patchSize: number;
  /** d: channels of the token stream. */
  readonly width: number;
  /** E: channels inside the mixer. */
  readonly innerWidth: number;
  /** r: rank of the Δ projection. */
  readonly dtRank: number;
  /** N: state size per channel. */
  readonly stateSize: number;
  /** Taps of the causal convolution, or side of the one on the grid. */
  readonly convKernel: number;
  readonly depth: number;
  readonly classes: number;
}

/** Shapes by name; names are upstream's. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

export interface Size {
  readonly height: number;
  readonly width: number;
}

/** The unpruned sequence: the cells of a grid in raster order, with the protected tokens put in between. */
export interface TokenLayout {
  readonly grid: Size;
  /**
   * Positions of the tokens that stand for no cell, rising: class token, registers. They never leave and never
   * receive another token; where there are any, classifier and `evit` signal read them and no other.
   */
  readonly protectedTokens: readonly number[];
}

/** The name of one of the image recipes in `@vssm/datasets`. */
export type ImageRecipe = 'vim-imagenet' | 'plainmamba-imagenet' | 'mambareg-imagenet';
/** The same for segmentation. */
export type SegmentationRecipe = 'vim-ade20k' | 'plainmamba-ade20k';

/** A new model for the training engine: what all families have, and what one adds. The rest is as published. */
export interface NewShape {
  readonly width: number;
  readonly depth: number;
  readonly stateSize: number;
  readonly patchSize: number;
  readonly imageHeight: number;
  readonly imageWidth: number;
  readonly inChannels: number;
  readonly classes?: number;
  /** Step between patches, pixels; Vim's and VideoMamba's only. Default: the patches touch. */
  readonly stride?: number;
  /** Channels of the stem, and its 3x3 convolutions; PlainMamba's only. */
  readonly stemWidth?: number;
  readonly stemConvs?: number;
  /** Registers, and by how much the neck narrows each; Mamba-Reg's only. */
  readonly registers?: number;
  readonly reduction?: number;
}

/** What people read about a family, in reports, on the page and on the command line. */
export interface FamilyWords {
  /** How the EViT rule, made for ViTs, is read: a sentence that begins with the family's title. */
  readonly evit: string;
  /** The same as a note beside a number: … for TITLE, which … */
  readonly evitNote: string;
  /** What must be read beside every list of schedules that save a part of the FLOPs. */
  readonly schedules: string;
  /** What `--conv` may say; null where it may say everything. */
  readonly conv: string | null;
  /** What the paper's FLOPs count of this family's scans, as part of a sentence. */
  readonly paperFlops: string;
}

/** What the method asks of a family: numbers and plain TypeScript. */
export interface Family<Spec extends BaseSpec, Name extends string = string> {
  /** How messages, reports and the page call it: `PlainMamba`. */
  readonly title: string;
  /** The published models, by the command line's names. */
  readonly models: Readonly<Record<Name, Spec>>;
  /** What they are called in print, and where their weights are to be had. */
  readonly published: Readonly<Record<Name, { readonly title: string; readonly weights: string }>>;

  layout(spec: Spec): TokenLayout;
  /** Every trainable parameter with its shape. */
  parameters(spec: Spec): Shapes;
  /** What a checkpoint holds besides, for instance running statistics. */
  buffers(spec: Spec): Shapes;
  /** Whole numbers that only this family's spec has: what a message calls one, its value, the largest that is taken. */
  limits(spec: Spec): readonly (readonly [what: string, value: number, largest: number])[];
  /** @throws UserError for numbers that do not go together */
  check(spec: Spec): void;
  /**
   * The same model for other images.
   *
   * @param stride step between patches, pixels; undefined: as it is
   * @throws UserError for a stride, where the family has none
   */
  resized(spec: Spec, image: Size, stride: number | undefined): Spec;

  /** Which choices of a plan exist, and what a plan takes where it says nothing. */
  readonly plans: PlanRules;
  countRule(spec: Spec, plan: Pick<PruningPlan, 'countClassToken'>): CountRule;

  /** What its published models were trained on: how a picture becomes their input. */
  readonly imageRecipe: ImageRecipe;
  /** What its published segmenters were trained on; null where there are none. */
  readonly segmentationRecipe: SegmentationRecipe | null;
  /** Whether the training engine has its gradients. */
  readonly trainable: boolean;
  readonly words: FamilyWords;

  /**
   * The float64 forward pass of one image, the oracle of every backend.
   *
   * @param image normalised pixels [C, H, W]
   * @param sample stable index of the image in its data set; read by the `random` signal and rule files
   * @param read told after every block what the classifier reads of each token, which costs as much as a scan
   */
  reference(
    spec: Spec,
    weights: Weights,
    plan: PruningPlan,
    image: ArrayLike<number>,
    sample: number,
    observe: Observer,
    read: ContributionReader | undefined,
  ): ReferencePrediction;
  /** Of one image; the plan fits the model. */
  flops(spec: Spec, plan: PruningPlan, profile: FlopsProfile): Flops;
}

/** Parts of the segments form, as timings tell them apart. */
const segmentParts = [
  'embed',
  'convolution',
  'projections',
  'scan',
  'pruning',
  'inter-scan',
  'head',
] as const;
export type SegmentPart = (typeof segmentParts)[number];

/** What one part of a block computes and moves for one image. */
export interface CountedPart {
  /** Tokens that enter it. */
  readonly tokens: number;
  /** Strict operations. */
  readonly flops: number;
  /** Values in and out. */
  readonly values: number;
  readonly parameters: number;
}

/** Makes a random weight of `inputs` inputs; see graph/matmul-floor.ts. */
export type RandomWeight = (g: GraphBuilder, name: string, shape: readonly number[], inputs: number) => Value;

/** The matrix products that a model begins with and ends in. */
export interface MatmulFloorEnds {
  /** Without the batch. */
  readonly inputShape: readonly number[];
  /** input → tokens [B, L0, d] */
  products(g: GraphBuilder, input: Value): Value;
  /** tokens [B, K, d] → logits [B, 1, classes], under `name` */
  classifier(g: GraphBuilder, tokens: Value, name: string): Value;
}

/** What the segments of a plan depend on; plans that agree in it share them. */
export type SegmentsPlan = Pick<PruningPlan, 'alignment' | 'schedule' | 'operation'>;

/** A family as ONNX. */
export interface FamilyGraphs<Spec extends BaseSpec> {
  /**
   * The whole model with its pruning inside.
   *
   * @param input pixels [B, C, H, W]
   * @param logits name of the value to end in
   */
  emitWhole(context: EmitContext<Spec>, input: Value, logits: string): EmittedModel;
  /** The model cut at its scans. Of the plan its alignment matters, and after which blocks it merges tokens. */
  segments(spec: Spec, weights: Weights, plan: SegmentsPlan): Segments;
  /** Sets of projections of Δ, B and C in a block: one per direction, or one that all share. */
  readonly projectionSets: readonly ProjectionSet[];
  matmulFloor(spec: Spec, randomWeight: RandomWeight): MatmulFloorEnds;
  /**
   * What one part of the segments form computes and moves.
   *
   * @param block 1-based
   * @param lengths tokens that enter the block, and that leave it
   */
  partCost(
    spec: Spec,
    plan: PruningPlan,
    part: SegmentPart,
    block: number,
    lengths: readonly [number, number],
  ): CountedPart;
}

/** What the weights of a model may leave open; said by whoever loads them. */
export interface GridOptions {
  /** Step between patches, pixels; Vim's only. */
  readonly stride?: number;
  /** Input image, pixels. */
  readonly imageSize?: Size;
  /** Grid of the position embedding: patches per column and row. */
  readonly grid?: Size;
  /**
   * An input at hand, pixels, which nobody says the model was trained on: it tells how the patches lie where they make
   * no square, neither image nor grid is given, and it has as many.
   */
  readonly input?: Size;
}

/**
 * How the family of a file was decided. `asked`: by whoever loads it; `tensors`: no other family has such names or
 * shapes; `metadata`: the file notes it; `file name`: upstream's; `default`: the first family of the table that has such tensors.
 */
export const familyEvidence = ['asked', 'tensors', 'metadata', 'file name', 'default'] as const;
export type FamilyEvidence = (typeof familyEvidence)[number];

/** A family's files. */
export interface FamilyCheckpoint<Spec extends BaseSpec> {
  /**
   * How a file is recognised by its tensors' names and shapes: `only` this family has such, `maybe`, or `no`. Of several
   * that answer `maybe` the one that the file notes is taken, else the one whose `fileNames` match, else the first of the table.
   */
  recognises(tensors: Weights): 'only' | 'maybe' | 'no';
  /** Names under which upstream publishes its weights; null where nothing depends on it. */
  readonly fileNames: RegExp | null;
  /** @throws UserError for tensors that are missing, extra or of another shape, and for variants that are not supported */
  infer(checkpoint: Checkpoint, options: GridOptions): Spec;
  /** Why a tensor that the spec does not ask for is left out; undefined for one that has no place in such a file. */
  unused(name: string): string | undefined;
}
