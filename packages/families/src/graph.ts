export { type MatmulFloor, openMatmulFloor } from './graph/matmul-floor.ts';
export { modelSegments } from './graph/segments.ts';
export { graphsOf } from './graph/table.ts';
export { type WholeOptions, wholeModel, wholeModelWithData, wholeNames } from './graph/whole.ts';
export { runWhole, type WholeAnswer, type WholeRun } from './graph/whole-run.ts';
export { embed as embedPlainMamba } from './plainmamba/graph/embed.ts';
