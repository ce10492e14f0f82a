/**
 * The native kernels: compiled on first use where there is a C compiler, kept for later runs, checked before they
 * are trusted, and otherwise absent, with a reason. Nothing is compiled when the package is installed.
 */
import { readFile } from 'node:fs/promises';
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import { addToCache, cacheFolders, findCached, hash, remove } from './cache.ts';
import { type Compiler, compile, findCompiler, sourceFiles } from './compiler.ts';
import { scratchOf } from './scratch.ts';

/**
 * What the compiled library exports, see addon.c: the memory, its scratch, then the module's arguments; before these, of
 * the forward kernels and the product, how many threads share the work.
 */
export interface Addon {
  /** Scratch that a call needs. */
  readonly workspaceBytes: number;
  convSilu(memory: ArrayBuffer, workspace: number, ...numbers: number[]): void;
  selectiveScan(memory: ArrayBuffer, workspace: number, threads: number, ...numbers: number[]): void;
  readerWeights(memory: ArrayBuffer, workspace: number, threads: number, ...integers: number[]): void;
  addContributions(memory: ArrayBuffer, workspace: number, threads: number, ...integers: number[]): void;
  reduceRows(memory: ArrayBuffer, workspace: number, threads: number, ...integers: number[]): void;
  gridConv(memory: ArrayBuffer, workspace: number, threads: number, ...integers: number[]): void;
  snakeScan(memory: ArrayBuffer, workspace: number, threads: number, ...integers: number[]): void;
  scanBackward(memory: ArrayBuffer, workspace: number, ...integers: number[]): void;
  convBackward(memory: ArrayBuffer, workspace: number, ...integers: number[]): void;
  gridConvBackward(memory: ArrayBuffer, workspace: number, ...integers: number[]): void;
  snakeBackward(memory: ArrayBuffer, workspace: number, ...integers: number[]): void;
  matmul(memory: ArrayBuffer, workspace: number, threads: number, ...numbers: number[]): void;
  packMatrix(memory: ArrayBuffer, workspace: number, ...numbers: number[]): void;
  matmulPacked(memory: ArrayBuffer, workspace: number, threads: number, ...numbers: number[]): void;
  /** That a matrix takes packed. */
  packedFloats(inner: number, columns: number): number;
  deformable(memory: ArrayBuffer, workspace: number, threads: number, ...integers: number[]): void;
  roiAlign(memory: ArrayBuffer, workspace: number, threads: number, ...integers: number[]): void;
  winograd(memory: ArrayBuffer, workspace: number, threads: number, ...integers: number[]): void;
}

export type LoadedAddon =
  | { readonly available: true; readonly addon: Addon; readonly file: string; readonly compiler: string }
  | {
      readonly available: false;
      readonly reason: string;
      /** There is a compiler, so there should have been native kernels. */
      readonly broken?: true;
    };

export interface LoadOptions {
  /** Says what is wrong with a library that has been loaded; undefined: nothing. */
  readonly check: (addon: Addon) => string | undefined;
  readonly environment?: NodeJS.ProcessEnv;
  readonly folders?: readonly string[];
}

/** The workspace's first bytes are the WebAssembly module's constants: SCRATCH in common/workspace.asm.ts. */
const constantBytes = 2048;

let once: Promise<LoadedAddon> | undefined;

/**
 * Builds or finds, loads and checks the addon, the first time; the same answer ever after, and in every thread that is
 * started from then on: to ask the compiler and to check the library again costs a thread more than to start.
 */
export function nativeAddon(check: LoadOptions['check']): Promise<LoadedAddon> {
  once ??= inherited() ?? loadAndHandDown(check);
  return once;
}

/** What a thread gets from the one that starts it, by the file at hand: two checkouts may run in one process. */
const handedDown = `native kernels of ${import.meta.url}`;
type HandedDown =
  | { readonly file: string; readonly compiler: string }
  | Extract<LoadedAddon, { available: false }>;

async function loadAndHandDown(check: LoadOptions['check']): Promise<LoadedAddon> {
  const loaded = await loadAddon({ check });
  const found: HandedDown = loaded.available ? { file: loaded.file, compiler: loaded.compiler } : loaded;
  setEnvironmentData(handedDown, found);
  return loaded;
}

/** Undefined in the first thread, and where the library is gone meanwhile. */
function inherited(): Promise<LoadedAddon> | undefined {
  const found = getEnvironmentData(handedDown) as HandedDown | undefined;
  if (found === undefined) return undefined;
  if ('available' in found) return Promise.resolve(found);
  try {
    return Promise.resolve({ available: true, addon: open(found.file), ...found });
  } catch {
    return undefined;
  }
}

/** Never throws: whatever goes wrong is the reason why there are no native kernels. */
export async function loadAddon({ check, environment, folders }: LoadOptions): Promise<LoadedAddon> {
  try {
    const compiler = await findCompiler(environment);
    if ('reason' in compiler) return { available: false, reason: compiler.reason };
    const key = await keyOf(compiler);
    const { file, addon } = await openOrBuild(key, compiler, folders ?? cacheFolders);
    if (scratchOf(addon) < constantBytes) throw new Error('it needs more scratch than there is');
    const fault = check(addon);
    if (fault !== undefined) throw new Error(`it fails its self-check: ${fault}`);
    return { available: true, addon, file, compiler: compiler.command };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { available: false, reason, broken: true };
  }
}

let told = false;

/** Says on stderr, once a process, that WebAssembly takes the place of native kernels that could not be had. */
export function tellFallback(reason: string): void {
  if (told || !isMainThread) return;
  told = true;
  process.stderr.write(
    `note: the native kernels cannot be used: ${reason}; WebAssembly ones run instead, which is slower ` +
      '(VSSM_KERNELS=wasm chooses them without this note)\n',
  );
}

async function keyOf(compiler: Compiler): Promise<string> {
  const sources = await Promise.all(sourceFiles.map((file) => readFile(file)));
  const { platform, arch, versions } = process;
  return hash(...sources, compiler.macros, compiler.arguments.join('\n'), platform, arch, versions.modules);
}

/** A cached library that cannot be opened, for whatever reason, is built anew; a new one is not kept then. */
async function openOrBuild(key: string, compiler: Compiler, folders: readonly string[]): Promise<Opened> {
  const cached = await findCached(key, folders);
  if (cached !== undefined) {
    try {
      return { file: cached, addon: open(cached) };
    } catch {
      await remove(cached);
    }
  }
  const file = await addToCache(key, (output) => compile(compiler, output), folders);
  try {
    return { file, addon: open(file) };
  } catch (error) {
    await remove(file);
    throw error;
  }
}

interface Opened {
  readonly file: string;
  readonly addon: Addon;
}

function open(file: string): Addon {
  const module = { exports: {} };
  process.dlopen(module, file);
  return module.exports as Addon;
}
