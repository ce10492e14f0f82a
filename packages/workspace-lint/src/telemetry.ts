/**
 * Files that would let ONNX Runtime report its use: those that load it, or start threads that may, without importing
 * @vssm/backend/no-telemetry (which says why both have to).
 */

const offSwitch = /^import '@vssm\/backend\/no-telemetry';$/m;

/** `import type` is erased; everything else loads the library. */
const loadsRuntime =
  /^\s*import\s+(?!type\b)[^;]*?['"]onnxruntime-node['"]|(?<!typeof )\bimport\(\s*['"]onnxruntime-node['"]|\brequire\(\s*['"]onnxruntime-node['"]/m;

const startsThreads = /from 'node:worker_threads'[\s\S]*\bnew Worker\(/;

/** @returns what is wrong with this source, undefined when nothing is */
export function telemetryBreach(source: string): string | undefined {
  if (offSwitch.test(source)) return undefined;
  const why = loadsRuntime.test(source)
    ? 'loads onnxruntime-node'
    : startsThreads.test(source)
      ? 'starts threads, which may load onnxruntime-node'
      : undefined;
  return why && `${why}: import '@vssm/backend/no-telemetry' first, or it reports to Microsoft`;
}
