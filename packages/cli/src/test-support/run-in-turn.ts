/**
 * A process that runs `vssm` again and again, each time as the command line does, without starting anew. Its parent
 * sends `{ args, cwd }` and gets an `Answer`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Answer extends Ended {
  /** Whether the process ends now, as where an option is refused: the next command needs another one. */
  readonly last: boolean;
}

export interface Runner {
  /** One after the other, however many are asked for at once. */
  run(args: readonly string[], cwd: string): Promise<Ended>;
  /** Lets its process end, and waits for that. */
  stop(): Promise<void>;
}

/** @param env what the process finds in its environment */
export function startRunner(env: NodeJS.ProcessEnv): Runner {
  let child: ChildProcess | undefined;
  const runNow = (args: readonly string[], cwd: string) => {
    child ??= fork(fileURLToPath(import.meta.url), { env, execArgv: [] });
    const own = child;
    return new Promise<Ended>((resolve, reject) => {
      const gone = () => {
        child = undefined;
        reject(new Error(`vssm ${args.join(' ')}: its process ended`));
      };
      own.once('exit', gone);
      own.once('message', ({ last, ...ended }: Answer) => {
        own.off('exit', gone);
        if (last) child = undefined;
        resolve(ended);
      });
      own.send({ args, cwd });
    });
  };
  let before: Promise<unknown> = Promise.resolve();
  return {
    run(args, cwd) {
      const result = before.then(() => runNow(args, cwd));
      before = result.catch(() => undefined);
      return result;
    },
    async stop() {
      await before;
      if (child === undefined) return;
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
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
  const answer = (last: boolean) => process.send!({ code: Number(process.exitCode ?? 0), ...said, last });
  const ending = () => answer(true);
  process.on('message', async ({ args, cwd }: { args: readonly string[]; cwd: string }) => {
    Object.assign(said, { stdout: '', stderr: '' });
    process.exitCode = undefined;
    process.argv = [process.execPath, fileURLToPath(main), ...args];
    process.chdir(cwd);
    // An option that is refused ends the process.
    process.once('exit', ending);
    await import(`${main.href}?run=${++runs}`);
    process.off('exit', ending);
    answer(false);
  });
}

if (process.send !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) answerParent();
