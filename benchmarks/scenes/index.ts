export { experiment, sceneFolder } from './experiment.ts';
