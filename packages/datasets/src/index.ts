export { decodeImage, encodePng, maxPixels } from './codec.ts';
export type { ImageDataset, Sample } from './dataset.ts';
export { fashionMnistDir, openFashionMnist } from './fashion-mnist.ts';
export type { RgbImage } from './image.ts';
export { type ImageOptions, openImage, openImageFolder } from './image-files.ts';
export { openImageNet } from './imagenet/open.ts';
export {
  applyRecipe,
  normalise,
  type Recipe,
  type RecipeName,
  recipeFor,
  recipeNames,
  recipes,
} from './recipe.ts';
export { resizeBicubic, type Window } from './resample.ts';
export { sampleHash, stratifiedSample } from './sampling.ts';
