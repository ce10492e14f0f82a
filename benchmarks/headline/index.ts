export { experiments } from './experiment.ts';
