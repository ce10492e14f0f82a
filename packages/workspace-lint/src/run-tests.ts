/**
 * `pnpm test`: Turborepo over all packages, without its telemetry, which no entry of turbo.json switches off. Further
 * arguments are Turborepo's.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const turbo = createRequire(`${root}package.json`).resolve('turbo/bin/turbo');
const args = [turbo, 'run', 'test', '--concurrency=2', ...process.argv.slice(2)];
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1' };

const child = spawn(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
// A terminal's Ctrl-C reaches the child by itself; what is sent to this process alone does not.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.once('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
});
