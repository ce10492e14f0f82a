export { experiments } from './experiment.ts';
export { shipped } from './shipped.ts';
