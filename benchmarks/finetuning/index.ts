export { experiment } from './experiment.ts';
export { shipped } from './shipped.ts';
