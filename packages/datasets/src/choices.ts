/** The names that a user chooses from, in modules that load no decoder: help is shown without one. */

export { type ClassOrder, classOrders } from './imagenet/class-orders.ts';
export { recipeNames } from './recipe.ts';
export { visionRecipeNames } from './vision/recipe.ts';
