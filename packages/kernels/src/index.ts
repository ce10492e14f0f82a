export { Arena, type ArenaMark, type Region } from './arena.ts';
export { type ConvOptions, convReference } from './conv.ts';
export { createKernels, type Kernels } from './kernels.ts';
export { type Rows, workspaceBytes } from './rows.ts';
export { type ScanOptions, type ScanResult, type ScanSignal, scanReference } from './scan.ts';
export { type DotScoreOptions, dotScoreReference, type GatherOptions, gatherReference } from './tokens.ts';
export { createMemory, type WasmMemory } from './webassembly.ts';
