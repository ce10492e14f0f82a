/** Signals in a separate process, which is left to do what the shell would see. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';

const source = new URL('interruption.ts', import.meta.url).href;

/** Runs `code`, sends `signal` as soon as it prints anything, and says how it ended. */
async function interrupted(code: string, signal: NodeJS.Signals) {
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `import { interruptible, listenForInterruption } from '${source}';\n${code}`,
  ]);
  let told = '';
  child.stderr.on('data', (text) => {
    told += text;
  });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  child.kill(signal);
  const [exitCode, endedBy] = await ended;
  return { exitCode, endedBy, told };
}

const listening = (graceMs: number) =>
  `const interruption = listenForInterruption((signal) => process.stderr.write(signal), ${graceMs});`;
const forEver = 'await new Promise((resolve) => setTimeout(resolve, 1e9));';
const busy = 'for (;;) Math.sqrt(2);';

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s lets the current piece of work end, with exit code %i', async (signal, exitCode) => {
  const work = 'while (interruption.signal === null) await new Promise((resolve) => setTimeout(resolve, 5));';
  const end = await interrupted(
    `${listening(60_000)} console.log(1); ${work} interruption.release(); process.exitCode = interruption.exitCode;`,
    signal,
  );
  expect(end).toEqual({ exitCode, endedBy: null, told: signal });
});

it('ends work that goes on after the time it has left', async () => {
  const end = await interrupted(`${listening(100)} console.log(1); ${forEver}`, 'SIGTERM');
  expect(end).toEqual({ exitCode: null, endedBy: 'SIGTERM', told: 'SIGTERM' });
});

it('ends loading at once, however busy the thread is', async () => {
  const end = await interrupted(
    `${listening(60_000)} await interruptible(async () => { process.stdout.write('1'); await 0; setImmediate(() => { ${busy} }); ${forEver} });`,
    'SIGTERM',
  );
  expect(end).toEqual({ exitCode: null, endedBy: 'SIGTERM', told: '' });
});

it('listens again once something is loaded', async () => {
  const end = await interrupted(
    `${listening(60_000)} await interruptible(async () => {}); console.log(1);
     while (interruption.signal === null) await new Promise((resolve) => setTimeout(resolve, 5));
     interruption.release(); process.exitCode = interruption.exitCode;`,
    'SIGTERM',
  );
  expect(end).toEqual({ exitCode: 143, endedBy: null, told: 'SIGTERM' });
});
