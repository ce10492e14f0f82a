/**
 * Compiles src/module.asm.ts, and what it imports, to wasm/kernels.wasm, which is committed because the code runs unbuilt.
 * `pnpm --filter @vssm/kernels build` writes the file; a test compares it with a fresh compile.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const packageFolder = dirname(fileURLToPath(import.meta.url));
export const wasmFile = join(packageFolder, 'wasm', 'kernels.wasm');

/** No runtime and no allocation; memory is imported; relaxed SIMD for the fused multiply-add. */
const options = [
  'src/module.asm.ts',
  ...['--runtime', 'stub', '--importMemory', '--noExportMemory', '--noAssert'],
  ...['--enable', 'simd', '--enable', 'relaxed-simd', '--enable', 'bulk-memory'],
  ...['-O3', '--converge', '--outFile', 'kernels.wasm'],
];

/** The module's bytes, compiled in memory. Throws with the compiler's messages. */
export async function compile(): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc.main(options, {
    readFile: (name, base) => readFile(join(packageFolder, base, name), 'utf8').catch(() => null),
    writeFile: (_name, content) => {
      wasm = Uint8Array.from(content as Uint8Array);
    },
    listFiles: () => [],
  });
  if (error !== null || wasm === undefined) {
    throw new Error(`assemblyscript: ${error?.message ?? 'nothing was written'}\n${stderr.toString()}`);
  }
  return wasm;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wasm = await compile();
  await writeFile(wasmFile, wasm);
  console.error(`${wasmFile}: ${wasm.length} bytes`);
}
