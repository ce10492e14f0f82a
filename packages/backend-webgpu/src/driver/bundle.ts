/** A page's JavaScript, bundled from our TypeScript once per process and kept in memory. */
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

export type Bundle = ReadonlyMap<string, Uint8Array>;

const bundles = new Map<string, Promise<Bundle>>();

const page = (file: string) => fileURLToPath(new URL(`../page/${file}`, import.meta.url));

/**
 * File name → contents.
 *
 * @param entries paths of the TypeScript files that a page or its workers start at; `x.ts` becomes `x.js`. Default:
 *   the driven page's `main.ts`
 */
export function pageBundle(entries: readonly string[] = [page('main.ts')]): Promise<Bundle> {
  const key = entries.join('\n');
  const bundle = bundles.get(key) ?? buildBundle(entries);
  bundles.set(key, bundle);
  return bundle;
}

/**
 * What Node's own code needs and a page has not: backend-cpu's ONNX Runtime is replaced by the page's, and Node's
 * modules, the library of theirs and its switch are empty. Code that would use them (worker threads, native kernels) is bundled along but never reached.
 */
const inThePage: Plugin = {
  name: 'in the page',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/ort\.ts$/ }, ({ importer, path }) =>
      /[\\/]backend-cpu[\\/]src[\\/]/.test(importer) && /^\.\.?\/ort\.ts$/.test(path)
        ? { path: page('wasm/ort.ts') }
        : undefined,
    );
    onResolve({ filter: /^(node:|onnxruntime-node$|@vssm\/backend\/no-telemetry$)/ }, ({ path }) => ({
      path,
      namespace: 'absent',
    }));
    onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: 'module.exports = {}', loader: 'js' }));
  },
};

async function buildBundle(entries: readonly string[]): Promise<Bundle> {
  const { outputFiles } = await build({
    entryPoints: [...entries],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    // ONNX Runtime's WebAssembly files and their loaders are served beside the bundle.
    conditions: ['onnxruntime-web-use-extern-wasm'],
    // What the kernels ask their environment for.
    define: { 'process.env': '{"VSSM_KERNELS":"wasm"}', 'process.platform': '"browser"' },
    plugins: [inThePage],
    write: false,
    outdir: '/',
    logLevel: 'silent',
  });
  return new Map(outputFiles.map(({ path, contents }) => [path.replace(/^.*[\\/]/, ''), contents]));
}
