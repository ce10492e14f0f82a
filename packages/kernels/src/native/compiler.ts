/**
 * Finds a C compiler and compiles the kernels in C with it: our own source files and nothing else, without a shell, for the
 * processor at hand.
 */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);

const at = (url: URL) => fileURLToPath(url);
// A literal each: the keys of results find a kernel's sources by them.
const units = [
  at(new URL('./addon.c', import.meta.url)),
  at(new URL('./addon-vision.c', import.meta.url)),
  at(new URL('./addon-scoring.c', import.meta.url)),
  at(new URL('./team.c', import.meta.url)),
  at(new URL('./shares.c', import.meta.url)),
  at(new URL('../scan/scan.c', import.meta.url)),
  at(new URL('../conv/conv.c', import.meta.url)),
  at(new URL('../contribution/contribution.c', import.meta.url)),
  at(new URL('../grid/grid.c', import.meta.url)),
  at(new URL('../snake/snake.c', import.meta.url)),
  at(new URL('../gradients/backward-conv.c', import.meta.url)),
  at(new URL('../gradients/backward-grid.c', import.meta.url)),
  at(new URL('../gradients/backward-scan.c', import.meta.url)),
  at(new URL('../gradients/backward-snake.c', import.meta.url)),
  at(new URL('../reductions/reductions.c', import.meta.url)),
  at(new URL('../matrix/matmul.c', import.meta.url)),
  at(new URL('../deformable/deformable.c', import.meta.url)),
  at(new URL('../roi/roi-align.c', import.meta.url)),
  at(new URL('../winograd/winograd.c', import.meta.url)),
];
const ownHeaders = [
  at(new URL('./call.h', import.meta.url)),
  at(new URL('./addon-vision.h', import.meta.url)),
  at(new URL('./addon-scoring.h', import.meta.url)),
  at(new URL('./team.h', import.meta.url)),
  at(new URL('./shares.h', import.meta.url)),
  at(new URL('../common/lanes.h', import.meta.url)),
  at(new URL('../common/functions.h', import.meta.url)),
  at(new URL('../scan/scan.h', import.meta.url)),
  at(new URL('../conv/conv.h', import.meta.url)),
  at(new URL('../contribution/contribution.h', import.meta.url)),
  at(new URL('../grid/grid.h', import.meta.url)),
  at(new URL('../snake/snake.h', import.meta.url)),
  at(new URL('../gradients/backward-functions.h', import.meta.url)),
  at(new URL('../gradients/backward-conv.h', import.meta.url)),
  at(new URL('../gradients/backward-grid.h', import.meta.url)),
  at(new URL('../gradients/backward-scan.h', import.meta.url)),
  at(new URL('../gradients/backward-snake.h', import.meta.url)),
  at(new URL('../reductions/reductions.h', import.meta.url)),
  at(new URL('../matrix/matmul.h', import.meta.url)),
  at(new URL('../matrix/tile.h', import.meta.url)),
  at(new URL('../deformable/deformable.h', import.meta.url)),
  at(new URL('../roi/roi-align.h', import.meta.url)),
  at(new URL('../winograd/winograd.h', import.meta.url)),
];
/** Everything that a compiled library depends on. */
export const sourceFiles: readonly string[] = [...units, ...ownHeaders];

/** How compilers are told to use all that this processor can do; the last one says nothing. */
const targets: readonly (readonly string[])[] = [['-march=native'], ['-mcpu=native'], []];
/** One rounding per multiply-add, square roots inline, nothing visible but what Node-API asks for. */
const flags = [
  ...[
    '-std=gnu11',
    '-O3',
    '-ffp-contract=fast',
    '-fno-math-errno',
    '-fvisibility=hidden',
    '-fPIC',
    '-shared',
    '-pthread',
  ],
  ...(process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []),
];
const patience = 120_000;

export interface Compiler {
  readonly command: string;
  /** The command's own arguments, the processor's flags and ours. */
  readonly arguments: readonly string[];
  /** Version, processor features and platform: all macros that the compiler defines by itself. */
  readonly macros: string;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * The first of $CC, cc, gcc, clang that answers, or why there is none. $CC may carry arguments, split at spaces.
 * What a compiler does with `native` is asked of it every time: a library compiled on another machine, or before
 * this one moved, must not be mistaken for this processor's.
 */
export async function findCompiler(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Compiler | { readonly reason: string }> {
  if (process.platform === 'win32') return { reason: 'it is not built on Windows' };
  const commands = [...(environment.CC?.trim() ? [environment.CC.trim()] : []), 'cc', 'gcc', 'clang'];
  for (const [command, ...own] of commands.map((words) => words.split(/\s+/))) {
    for (const target of targets) {
      const all = [...own, ...target, ...flags];
      try {
        const { stdout } = await execute(command, [...all, '-dM', '-E', '-x', 'c', '/dev/null'], {
          env: environment,
          timeout: patience,
        });
        return { command, arguments: all, macros: stdout, environment };
      } catch {
        // No such command, or it does not know this target: the next one.
      }
    }
  }
  return { reason: `no C compiler was found (tried ${commands.join(', ')})` };
}

/** Compiles the kernels into the file `output`. Throws with the compiler's first complaint. */
export async function compile(compiler: Compiler, output: string): Promise<void> {
  const { command, environment } = compiler;
  const headers = createRequire(import.meta.url).resolve('node-api-headers/include/node_api.h');
  const all = [...compiler.arguments, '-I', dirname(headers), '-o', output, ...units];
  try {
    await execute(command, all, { env: environment, timeout: patience });
  } catch (error) {
    const [complaint] = String((error as { stderr?: string }).stderr || error).split('\n');
    throw new Error(`${command} does not compile it: ${complaint}`);
  }
}
