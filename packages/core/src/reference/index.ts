export * from './bicubic.ts';
export * from './grid-layers.ts';
export * from './layers.ts';
export * from './maps.ts';
export * from './prediction.ts';
export * from './pruning.ts';
