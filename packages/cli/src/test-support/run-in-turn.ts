/**
 * A process that runs `vssm` again and again, each time as the command line does, without starting anew. Its parent
 * sends `{ args, cwd }` and gets `{ code, stdout, stderr }`.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Runner {
  run(args: readonly string[], cwd: string): Promise<Ended>;
  stop(): void;
}

/** @param env what the process finds in its environment */
export function startRunner(env: NodeJS.ProcessEnv): Runner {
  const child = fork(fileURLToPath(import.meta.url), { env, execArgv: [] });
  return {
    run: (args, cwd) =>
      new Promise((resolve, reject) => {
        const gone = () => reject(new Error(`vssm ${args.join(' ')}: its process ended`));
        child.once('exit', gone);
        child.once('message', (ended) => {
          child.off('exit', gone);
          resolve(ended as Ended);
        });
        child.send({ args, cwd });
      }),
    stop: () => child.disconnect(),
  };
}

/** In the process itself. */
function answerParent(): void {
  const main = new URL('../main.ts', import.meta.url);
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    // Every run listens to it.
    process[stream].setMaxListeners(0);
    process[stream].write = (text: string | Uint8Array) => {
      said[stream] += String(text);
      return true;
    };
  }
  let runs = 0;
  const answer = () => process.send!({ code: Number(process.exitCode ?? 0), ...said });
  process.on('message', async ({ args, cwd }: { args: readonly string[]; cwd: string }) => {
    Object.assign(said, { stdout: '', stderr: '' });
    process.exitCode = undefined;
    process.argv = [process.execPath, fileURLToPath(main), ...args];
    process.chdir(cwd);
    // An option that is refused ends the process.
    process.once('exit', answer);
    await import(`${main.href}?run=${++runs}`);
    process.off('exit', answer);
    answer();
  });
}

if (process.send !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) answerParent();
