#!/usr/bin/env node
/**
 * Where the `vssm` command begins, in JavaScript that any Node reads: a version that cannot run TypeScript says so in
 * a sentence. Paths are relative to where the user stands, also where a package manager changed the folder.
 */
import { accessSync, constants } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nodeTooOld } from '../core/needs-node.js';

const tooOld = nodeTooOld(`pnpm ${process.env.npm_lifecycle_event ?? 'vssm --help'}`);
if (tooOld !== null) {
  process.stderr.write(tooOld);
  process.exitCode = 1;
} else {
  keepFreedMemory();
  const script = process.env.npm_lifecycle_event;
  const ours = ['vssm', 'bench', 'compare', 'serve', 'report'];
  if (process.env.INIT_CWD !== undefined && script !== undefined && ours.includes(script)) {
    process.chdir(process.env.INIT_CWD);
  }
  // Node keeps what it made of the sources; a start from there takes a third of the time. Where nothing can be written
  // it starts without, and says nothing.
  const { enableCompileCache } = await import('node:module');
  enableCompileCache(fileURLToPath(new URL('node_modules/.cache/vssm-code', import.meta.url)));
  await import('./src/main.ts');
}

/**
 * Commands that run models begin once more, in the same process, with a C library that keeps large blocks when they are
 * freed. ONNX Runtime's Node binding hands out a copy of every output; without this each one is fresh memory, page by
 * page (docs/performance.md). glibc alone has the setting, and reads it at its start.
 */
function keepFreedMemory() {
  const running = 'eval predict bench compare detect segment explain train finetune experiment'.split(' ');
  const { execPath, execArgv, argv, env } = process;
  // A process with privileges of its own may lose the setting on the way; this says that it has been tried.
  const tried = env.VSSM_BEGUN_AGAIN !== undefined;
  delete env.VSSM_BEGUN_AGAIN;
  if (process.platform !== 'linux' || process.execve === undefined || tried) return;
  if (!running.includes(argv[2]) || 'GLIBC_TUNABLES' in env) return;
  const settings = 'glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=134217728';
  try {
    accessSync(execPath, constants.X_OK);
    process.execve(execPath, [execPath, ...execArgv, ...argv.slice(1)], {
      ...env,
      ...{ GLIBC_TUNABLES: settings, VSSM_BEGUN_AGAIN: '1' },
    });
  } catch {
    // It runs without.
  }
}
