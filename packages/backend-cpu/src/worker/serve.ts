/** The worker's side of the link. */
import { parentPort, workerData } from 'node:worker_threads';
import { UserError } from '@vssm/core';
import type { FromWorker, ToWorker } from './messages.ts';

export interface Served<Ask, Answer, Greeting> {
  readonly greeting: Greeting;
  /** The answer, and memory of it that changes hands. */
  answer(ask: Ask): Promise<{ readonly answer: Answer; readonly transfer?: readonly ArrayBuffer[] }>;
  dispose(): Promise<void>;
}

/** Opens what answers, says that it is ready, and answers until it is told to stop. */
export async function serve<Setup, Ask, Answer, Greeting = undefined>(
  open: (setup: Setup) => Promise<Served<Ask, Answer, Greeting>>,
): Promise<void> {
  const port = parentPort!;
  const say = (message: FromWorker<Answer, Greeting>, transfer: readonly ArrayBuffer[] = []) =>
    port.postMessage(message, transfer);
  try {
    const served = await open(workerData as Setup);
    port.on('message', async (message: ToWorker<Ask>) => {
      // Of a worker thread, that is its own end alone.
      if (message.kind === 'die') process.exit(1);
      if (message.kind === 'stop') {
        await served.dispose();
        port.close();
        return;
      }
      try {
        const { answer, transfer } = await served.answer(message.ask);
        say({ kind: 'answer', answer }, transfer);
      } catch (error) {
        say({ kind: 'failed', ...reasonOf(error) });
      }
    });
    say({ kind: 'ready', greeting: served.greeting });
  } catch (error) {
    say({ kind: 'unusable', ...reasonOf(error) });
  }
}

function reasonOf(error: unknown): { readonly user: boolean; readonly reason: string } {
  if (error instanceof UserError) return { user: true, reason: error.message };
  return { user: false, reason: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
