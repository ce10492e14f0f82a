export { type AdeOptions, ade20kSampleDir, openAde20k } from './ade20k/open.ts';
export { readClassNames } from './class-names.ts';
export { cocoClasses } from './coco/classes.ts';
export {
  type CocoDetection,
  type CocoDetections,
  type DetectionNeeds,
  detectionName,
  readDetections,
} from './coco/detections.ts';
export { type CocoBox, type CocoImageId, type CocoSegmentation, compareImageIds } from './coco/fields.ts';
export {
  type CocoAnnotation,
  type CocoCategory,
  type CocoImage,
  type CocoInstances,
  readInstances,
} from './coco/instances.ts';
export { type JsonSource, jsonFile } from './coco/json-entries.ts';
export { type CocoDataset, type CocoOptions, type CocoTruth, cocoSampleDir, openCoco } from './coco/open.ts';
export { decodeImage, encodeLabelMap, encodePng } from './codec.ts';
export type { ImageDataset, Sample } from './dataset.ts';
export type { Decoder } from './decoder.ts';
export {
  type FashionMnistSplit,
  fashionMnistClasses,
  fashionMnistDir,
  openFashionMnist,
} from './fashion-mnist.ts';
export type { FileSource } from './file-source.ts';
export { isFolder } from './folder.ts';
export type { RgbImage } from './image.ts';
export { type ImageOptions, openImage, openImageFolder } from './image-files.ts';
export type { ClassOrder } from './imagenet/class-orders.ts';
export { type ImageNetOptions, openImageNet } from './imagenet/open.ts';
export { decodeLabelMap, type LabelMap } from './label-map.ts';
export { type Normalisation, normalise } from './normalise.ts';
export {
  applyRecipe,
  type Recipe,
  type RecipeName,
  recipeFor,
  recipeNames,
  recipes,
} from './recipe.ts';
export { resizeBicubic, type Window } from './resample.ts';
export { sampleHash, stratifiedSample } from './sampling.ts';
export {
  fashionScenesDir,
  type SceneSplit,
  type ScenesRequest,
  sceneBackground,
  writeScenes,
} from './scenes/write.ts';
export { titleOf } from './titles.ts';
export type { VisionDataset, VisionOptions, VisionSample } from './vision/dataset.ts';
export {
  applyVisionRecipe,
  largestInput,
  type PreparedImage,
  type Size,
  type SizeLimits,
  type VisionRecipe,
  type VisionRecipeName,
  visionRecipeFor,
  visionRecipeNames,
} from './vision/recipe.ts';
