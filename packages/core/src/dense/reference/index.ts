export * from './adapter.ts';
export * from './attention.ts';
export * from './backbones.ts';
export * from './detection-heads.ts';
export * from './maps.ts';
export * from './plainmamba-blocks.ts';
export {
  type Choice,
  chooseCells,
  everyCell,
  GridMemory,
  importance,
  type KeptCells,
  type Signals,
} from './pruning.ts';
export * from './resize.ts';
export * from './roi-align.ts';
export * from './rope.ts';
export * from './upernet.ts';
export * from './vim-blocks.ts';
export * from './vim-neck.ts';
