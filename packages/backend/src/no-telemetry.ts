/**
 * Switches the telemetry of ONNX Runtime off, by being imported: from 1.30 on the library writes an identifier of the
 * machine below the user's cache folder and reports its use to Microsoft, unless this variable is set when its first
 * session begins. (On CI it is silent by itself, so only a run without CI in its environment shows it.)
 *
 * The library reads the environment of the process. A thread's `process.env` is a copy that the process never sees,
 * so whoever starts threads that load ONNX Runtime imports this module too, and a thread that it was forgotten for
 * does not load. `pnpm lint` finds both kinds of file.
 */
import { isMainThread } from 'node:worker_threads';

const variable = 'ORT_DISABLE_TELEMETRY';

if (isMainThread) {
  process.env[variable] = '1';
} else if (process.env[variable] !== '1') {
  throw new Error(
    `${variable} is not set in this process, and a worker thread cannot set it: import @vssm/backend/no-telemetry ` +
      `in the main thread before it starts threads that load ONNX Runtime, or start the process with ${variable}=1`,
  );
}
