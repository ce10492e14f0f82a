export { experiments } from './experiment.ts';
export { finetunedTable, lossTables } from './table.ts';
