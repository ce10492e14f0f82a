/** What an experiment trains and how it is judged: a classifier by its pictures, a segmenter by its scenes. */
import type { PruningPlan, Weights } from '@vssm/core';
import type { ImageDataset, LabelMap, Normalisation, VisionDataset } from '@vssm/datasets';
import { parameterCount, type TrainableSpec } from '@vssm/families';
import { type FinetuningRecord, packRight, type SegmenterFinetuningRecord } from '@vssm/results';
import { type UperNetSpec, visionParameterCount } from '@vssm/vision-tasks';
import { type Examples, imageExamples, sceneExamples } from '../data/examples.ts';
import { evaluate, evaluateEach } from '../run/evaluate.ts';
import { evaluateSegmenter } from '../run/evaluate-segmenter.ts';
import type { ClassificationEvaluation, Evaluation, SegmentationEvaluation } from '../run/log.ts';
import type { FinishedTraining } from './finished.ts';

type Split = FinetuningRecord['dataset']['test'];
type Row = FinetuningRecord['rows'][number];

/**
 * @typeParam S what the test images say of weights
 * @typeParam B the same, with what else is kept of the dense weights under every plan
 * @typeParam R the record
 */
export interface Subject<S, B extends S, R> {
  readonly examples: Examples;
  readonly splits: { readonly training: Split; readonly test: Split };
  /** Undefined when it was stopped, here and below. */
  evaluate(plan: PruningPlan, weights: Weights, stopped?: () => boolean): Promise<Evaluation | undefined>;
  scoreOf(evaluation: Evaluation): S;
  /** Of the dense weights under a plan. */
  before(plan: PruningPlan, weights: Weights, stopped?: () => boolean): Promise<B | undefined>;
  /** False of what an earlier version kept, and lacks something. */
  isWhole(kept: Partial<B>): kept is B;
  /** As the records count. */
  figure(score: S): number;
  percent(score: S): number;
  record(name: string, findings: Findings<S, B>): R;
}

/** What came out: all of a record but its kind and its model. */
export type Findings<S, B> = Omit<FinetuningRecord, 'kind' | 'model' | 'dense' | 'rows' | 'trainingFree'> & {
  dense: FinishedTraining<S>;
  rows: (Omit<Row, 'after'> & { after: FinishedTraining<S>[] })[];
  trainingFree?: (Omit<Row, 'before' | 'after' | 'learningRate' | 'paper'> & B)[];
};

/** Test images that are right. */
interface Correct {
  readonly correct: number;
}

/** See packRight. */
interface Right extends Correct {
  readonly right: string;
}

export interface ClassifierSubject {
  readonly spec: TrainableSpec;
  readonly training: ImageDataset;
  readonly test: ImageDataset;
  readonly normalisation: Normalisation;
  readonly threads: number;
}

/** Pictures with a class each, judged by how many of the test images are right. */
export function classifierSubject({
  spec,
  training,
  test,
  normalisation,
  threads,
}: ClassifierSubject): Subject<Correct, Right, FinetuningRecord> {
  const request = (plan: PruningPlan, stopped?: () => boolean) => ({
    ...{ spec, plan, dataset: test, threads, stopped },
  });
  return {
    examples: imageExamples(training, normalisation),
    splits: { training: splitOf(training), test: splitOf(test) },
    evaluate: (plan, weights, stopped) => evaluate(request(plan, stopped), weights),
    scoreOf: (evaluation) => ({ correct: (evaluation as ClassificationEvaluation).correct }),
    async before(plan, weights, stopped) {
      const found = await evaluateEach(request(plan, stopped), weights);
      return found && { correct: found.evaluation.correct, right: packRight(found.right) };
    },
    isWhole: (kept): kept is Right => kept.correct !== undefined && kept.right !== undefined,
    figure: ({ correct }) => correct,
    percent: ({ correct }) => (100 * correct) / test.samples.length,
    record: (name, findings) => ({
      ...findings,
      kind: 'finetuning',
      model: { name, spec, params: parameterCount(spec) },
    }),
  };
}

/** Percent, over the classes that the scenes have. */
interface MIoU {
  readonly miou: number;
}

export interface SegmenterSubject {
  /** At the scenes' size. */
  readonly spec: UperNetSpec;
  readonly training: VisionDataset<LabelMap>;
  readonly test: VisionDataset<LabelMap>;
  readonly normalisation: Normalisation;
  readonly threads: number;
}

/** Pictures with a class for every pixel, judged by mIoU over the test images. */
export function segmenterSubject({
  spec,
  training,
  test,
  normalisation,
  threads,
}: SegmenterSubject): Subject<MIoU, MIoU, SegmenterFinetuningRecord> {
  const judge = (plan: PruningPlan, weights: Weights, stopped?: () => boolean) =>
    evaluateSegmenter({ spec, plan, dataset: test, threads, stopped }, weights);
  const scoreOf = (evaluation: Evaluation): MIoU => ({
    miou: (evaluation as SegmentationEvaluation).miou ?? 0,
  });
  return {
    examples: sceneExamples(training, normalisation),
    splits: { training: splitOf(training), test: splitOf(test) },
    evaluate: judge,
    scoreOf,
    async before(plan, weights, stopped) {
      const found = await judge(plan, weights, stopped);
      return found && scoreOf(found);
    },
    isWhole: (kept): kept is MIoU => kept.miou !== undefined,
    figure: ({ miou }) => miou,
    percent: ({ miou }) => miou,
    record: (name, { trainingFree: _, ...findings }) => ({
      ...findings,
      kind: 'segmenter-finetuning',
      model: {
        name,
        backbone: spec.backbone.spec,
        head: { channels: spec.head.channels, classes: spec.head.classes },
        params: visionParameterCount(spec),
      },
    }),
  };
}

function splitOf({
  split,
  checksum,
  samples,
}: Pick<ImageDataset, 'split' | 'checksum'> & { readonly samples: readonly unknown[] }): Split {
  return { split, sha256: checksum, total: samples.length };
}
