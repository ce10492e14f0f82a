#!/usr/bin/env node
/**
 * Where the `vssm` command begins, in JavaScript that any Node reads: a version that cannot run TypeScript says so in
 * a sentence. Paths are relative to where the user stands, also where a package manager changed the folder.
 */
import { fileURLToPath } from 'node:url';
import { nodeTooOld } from '../core/needs-node.js';

const tooOld = nodeTooOld(`pnpm ${process.env.npm_lifecycle_event ?? 'vssm --help'}`);
if (tooOld !== null) {
  process.stderr.write(tooOld);
  process.exitCode = 1;
} else {
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
