/** What `vssm experiment` trains on and is judged by: the pictures of Fashion-MNIST, or scenes that are made of them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sceneFolder } from '@vssm/bench-scenes';
import { UserError } from '@vssm/core';
import { visionRecipeFor } from '@vssm/datasets';
import { segmentationRecipeOf, type TrainableSpec } from '@vssm/families';
import type { TrainedRecord } from '@vssm/results/trained';
import {
  classifierSubject,
  type Earlier,
  type ExperimentRun,
  freshWeights,
  isSegmenter,
  runExperiment,
  segmenterOn,
  segmenterSubject,
  type TrainedSpec,
  type TrainingExperiment,
  takeOver,
} from '@vssm/train';
import type { UperNetSpec } from '@vssm/vision-tasks';
import { makeScenes } from '../commands/scenes.ts';
import { loadModel } from '../options/model.ts';
import { note } from '../output.ts';
import { embeddedBackbone, openScenes } from '../segmenter-training.ts';
import { openTrainingImages } from '../training-images.ts';

export type Experiment = TrainingExperiment<TrainedSpec>;

/** How an experiment is carried out, whatever it trains. */
export type How = Pick<
  ExperimentRun<unknown, unknown, unknown>,
  'threads' | 'out' | 'circumstances' | 'tell' | 'stopped' | 'soFar'
>;

export interface Ground {
  /** See takeOver. */
  takeOver(earlier: Earlier, how: How): Promise<string[]>;
  /** Undefined when it was stopped. See runExperiment. */
  run(how: How): Promise<TrainedRecord | undefined>;
  close(): Promise<void>;
}

/**
 * @param data the idx files of Fashion-MNIST's training split
 * @param out scenes are made in a folder in it, once
 */
export function openGround(
  experiment: Experiment,
  { data, out, soFar = false }: { data: string; out: string; soFar?: boolean | undefined },
): Promise<Ground> {
  const { spec } = experiment;
  return isSegmenter(spec)
    ? ofScenes({ ...experiment, spec }, data, join(out, 'scenes'), soFar)
    : ofPictures({ ...experiment, spec }, data);
}

async function ofPictures(experiment: TrainingExperiment<TrainableSpec>, data: string): Promise<Ground> {
  const { spec, dense } = experiment;
  const { training, test, normalisation } = await openTrainingImages(
    { dataset: 'fashion-mnist', data },
    'fashion-mnist',
    spec.imageWidth,
  );
  const runOf = (how: How) => {
    const { threads } = how;
    const subject = classifierSubject({ spec, training, test: test!, normalisation, threads });
    return { experiment, subject, initial: freshWeights(spec, dense.seed), ...how };
  };
  return {
    run: (how) => runExperiment(runOf(how)),
    takeOver: (earlier, how) => takeOver(runOf(how), earlier),
    async close() {
      await training.close();
      await test?.close();
    },
  };
}

async function ofScenes(
  experiment: TrainingExperiment<UperNetSpec>,
  data: string,
  folder: string,
  soFar: boolean,
): Promise<Ground> {
  const { spec, dense } = experiment;
  if (!existsSync(folder)) {
    if (soFar)
      throw new UserError(`${folder}: there are no scenes, so nothing is finished; run without --so-far`);
    note(
      `${folder}: making ${sceneFolder.images} scenes to train on and ${sceneFolder.testImages} to test on`,
    );
    await makeScenes({ ...sceneFolder, data, out: folder });
  }
  const training = await openScenes(folder, 'training');
  const test = await openScenes(folder, 'validation');
  const { imageHeight: height, imageWidth: width } = spec.backbone.spec;
  const { classes, channels } = spec.head;
  const start = segmenterOn(
    await loadModel({ checkpoint: embeddedBackbone }, { ours: true }),
    { classes, channels, height, width },
    dense.seed,
  );
  const normalisation = visionRecipeFor(segmentationRecipeOf(spec.backbone.family));
  const runOf = (how: How) => {
    const subject = segmenterSubject({ spec, training, test, normalisation, threads: how.threads });
    return { experiment, subject, initial: start.weights, ...how };
  };
  return {
    run: (how) => runExperiment(runOf(how)),
    takeOver: (earlier, how) => takeOver(runOf(how), earlier),
    async close() {
      await training.close();
      await test.close();
    },
  };
}
