/**
 * `vssm` for tests of what a command says and writes: all commands of a file run in one process, which loads the code
 * once. Tests of the process itself (signals, streams, what it loads, its environment) start their own.
 */
import { afterAll } from 'vitest';
import { type Ended, startRunner } from './run-in-turn.ts';

/**
 * @param cwd where the commands run; asked each time. Default: where the tests do
 * @param env what the commands find in their environment. Default: what the tests do
 */
export function vssmIn(
  cwd: () => string = () => process.cwd(),
  env: NodeJS.ProcessEnv = process.env,
): (...args: readonly string[]) => Promise<Ended> {
  const runner = startRunner(env);
  afterAll(() => runner.stop());
  return (...args) => runner.run(args, cwd());
}
