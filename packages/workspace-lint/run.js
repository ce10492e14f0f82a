#!/usr/bin/env node
/**
 * Runs a TypeScript file of the project: `node packages/workspace-lint/run.js FILE …`. A Node that cannot says which it
 * needs, in a sentence.
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nodeTooOld } from '../core/needs-node.js';

const tooOld = nodeTooOld(`pnpm ${process.env.npm_lifecycle_event ?? 'test'}`);
if (tooOld !== null) {
  process.stderr.write(tooOld);
  process.exitCode = 1;
} else {
  const [file] = process.argv.splice(2, 1);
  process.argv[1] = resolve(file);
  await import(pathToFileURL(process.argv[1]).href);
}
