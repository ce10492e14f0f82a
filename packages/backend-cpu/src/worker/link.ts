/** The one link to a worker thread: it is started, asked one thing at a time, and started anew where it has died. */
import { Worker } from 'node:worker_threads';
import '@vssm/backend/no-telemetry';
import { UserError } from '@vssm/core';
import type { FromWorker, ToWorker } from './messages.ts';

/** For a thread that does not end when it is told to. */
const patienceMs = 30_000;

/** The thread ended while it worked, for instance because it ran out of memory. */
export class WorkerDied extends Error {
  override readonly name = 'WorkerDied';
}

export class WorkerLink<Ask, Answer, Greeting = undefined> {
  readonly #worker: Worker;
  /** What the worker said of itself when it was ready. */
  readonly greeting: Greeting;
  #alive = true;
  /** Settles with the last ask's answer. */
  #last: Promise<void> = Promise.resolve();

  /**
   * A thread that dies while it starts is started once more.
   *
   * @param module of the worker; it calls `serve`
   * @param setup given to it; copied, but for memory that is shared
   * @throws UserError where it dies twice; what the worker could not start for
   */
  static async start<Ask, Answer, Greeting = undefined>(
    module: URL,
    setup: unknown,
  ): Promise<WorkerLink<Ask, Answer, Greeting>> {
    try {
      return await WorkerLink.#startOnce(module, setup);
    } catch (error) {
      if (!(error instanceof WorkerDied)) throw error;
    }
    try {
      return await WorkerLink.#startOnce(module, setup);
    } catch (error) {
      if (!(error instanceof WorkerDied)) throw error;
      throw new UserError(`${error.message}, twice while it loaded the model; use fewer --threads`);
    }
  }

  static async #startOnce<Ask, Answer, Greeting>(
    module: URL,
    setup: unknown,
  ): Promise<WorkerLink<Ask, Answer, Greeting>> {
    const worker = new Worker(module, { workerData: setup });
    const said = await nextMessage<Answer, Greeting>(worker);
    if (said.kind === 'ready') return new WorkerLink(worker, said.greeting);
    await worker.terminate();
    if (said.kind === 'answer') throw new Error('worker thread: answered before it was ready');
    throw said.user ? new UserError(said.reason) : new Error(`worker thread: ${said.reason}`);
  }

  private constructor(worker: Worker, greeting: Greeting) {
    this.#worker = worker;
    this.greeting = greeting;
    const gone = () => {
      this.#alive = false;
    };
    worker.on('error', gone);
    worker.on('exit', gone);
  }

  get alive(): boolean {
    return this.#alive;
  }

  /**
   * @param transfer memory that changes hands
   * @throws WorkerDied when the thread has ended or ends before it answers; UserError and Error as the worker threw
   */
  ask(ask: Ask, transfer: readonly ArrayBuffer[] = []): Promise<Answer> {
    // One after another: the next message is the answer.
    const answer = this.#last.then(() => this.#ask(ask, transfer));
    this.#last = answer.then(
      () => undefined,
      () => undefined,
    );
    return answer;
  }

  async #ask(ask: Ask, transfer: readonly ArrayBuffer[]): Promise<Answer> {
    if (!this.#alive) throw new WorkerDied('the worker thread has ended');
    const answer = nextMessage<Answer, Greeting>(this.#worker);
    this.#worker.postMessage({ kind: 'ask', ask } satisfies ToWorker<Ask>, transfer);
    const said = await answer;
    switch (said.kind) {
      case 'answer':
        return said.answer;
      case 'failed':
        throw said.user ? new UserError(said.reason) : new Error(said.reason);
      default:
        throw new Error(`worker thread said "${said.kind}" when it was asked`);
    }
  }

  /** Lets the thread dispose of what it holds, and waits for its end. */
  async stop(): Promise<void> {
    if (!this.#alive) return;
    const gone = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage({ kind: 'stop' } satisfies ToWorker<Ask>);
    await gone;
  }

  /**
   * Ends the thread in the middle of its work, as a crash would. It does so itself, between two calls of ONNX Runtime:
   * ended from here within one, that would take the whole process with it.
   */
  async kill(): Promise<void> {
    if (!this.#alive) return;
    const gone = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage({ kind: 'die' } satisfies ToWorker<Ask>);
    const forced = setTimeout(() => this.#worker.terminate(), patienceMs);
    await gone;
    clearTimeout(forced);
  }
}

/**
 * Starts several, all at once.
 *
 * @throws what the first that failed threw; the others are stopped then, since they would keep the process from ending
 */
export async function startLinks<Ask, Answer, Greeting = undefined>(
  count: number,
  module: URL,
  setup: unknown,
): Promise<WorkerLink<Ask, Answer, Greeting>[]> {
  const started = await Promise.allSettled(
    Array.from({ length: count }, () => WorkerLink.start<Ask, Answer, Greeting>(module, setup)),
  );
  const links = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = started.find((one) => one.status === 'rejected');
  if (failed === undefined) return links;
  await Promise.all(links.map((link) => link.stop()));
  throw failed.reason;
}

function nextMessage<Answer, Greeting>(worker: Worker): Promise<FromWorker<Answer, Greeting>> {
  return new Promise((resolve, reject) => {
    const done = () => {
      worker.off('message', heard);
      worker.off('error', failed);
      worker.off('exit', ended);
    };
    const heard = (message: FromWorker<Answer, Greeting>) => {
      done();
      resolve(message);
    };
    const failed = (error: unknown) => {
      done();
      reject(new WorkerDied(`the worker thread ended: ${String(error)}`));
    };
    const ended = (code: number) => {
      done();
      reject(new WorkerDied(`the worker thread ended with code ${code}`));
    };
    worker.on('message', heard);
    worker.on('error', failed);
    worker.on('exit', ended);
  });
}
