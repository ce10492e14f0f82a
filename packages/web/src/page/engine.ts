/** The page's side of the worker: every call of calls.ts as a method. */
import { errorFrom } from '@vssm/backend-webgpu/page';
import type { CallName, Calls, Question, Reply } from './calls.ts';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A worker that fails as a whole is replaced; what was open and loaded in it is gone then. */
export class Engine implements Calls {
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  probe: Calls['probe'] = (...args) => this.#ask('probe', args);
  open: Calls['open'] = (...args) => this.#ask('open', args);
  load: Calls['load'] = (...args) => this.#ask('load', args);
  run: Calls['run'] = (...args) => this.#ask('run', args);
  dispose: Calls['dispose'] = (...args) => this.#ask('dispose', args);

  #ask<T>(name: CallName, args: readonly unknown[]): Promise<T> {
    this.#worker ??= this.#start();
    const id = this.#asked++;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.#worker!.postMessage({ id, name, args } satisfies Question);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.ok) waiting?.resolve(data.value);
      else waiting?.reject(errorFrom(data.error));
    });
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      worker.terminate();
      this.#worker = undefined;
      const error = new Error(event.message || 'the worker that runs the models did not start');
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
    return worker;
  }
}
