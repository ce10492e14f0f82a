/** Several links of one kind, each in a lane; a lane whose thread has died gets a new one when it is next used. */
import { startLinks, WorkerDied, WorkerLink } from './link.ts';

/** As many threads as asked for, all with the same setup. */
export class WorkerLanes<Ask, Answer, Greeting = undefined> {
  readonly #module: URL;
  readonly #setup: unknown;
  readonly #links: WorkerLink<Ask, Answer, Greeting>[];

  /**
   * @param module of the worker; it calls `serve`
   * @param oneByOne threads start one after the other, so that their peaks of memory while loading do not meet
   * @throws UserError and Error as `WorkerLink.start`; no thread is left then
   */
  static async start<Ask, Answer, Greeting = undefined>(
    count: number,
    module: URL,
    setup: unknown,
    { oneByOne = false } = {},
  ): Promise<WorkerLanes<Ask, Answer, Greeting>> {
    if (!oneByOne) return new WorkerLanes(module, setup, await startLinks(count, module, setup));
    const lanes = new WorkerLanes<Ask, Answer, Greeting>(module, setup, []);
    try {
      for (let lane = 0; lane < count; lane++) await lanes.#startAt(lane);
    } catch (error) {
      await lanes.stop();
      throw error;
    }
    return lanes;
  }

  private constructor(module: URL, setup: unknown, links: WorkerLink<Ask, Answer, Greeting>[]) {
    this.#module = module;
    this.#setup = setup;
    this.#links = links;
  }

  get links(): readonly WorkerLink<Ask, Answer, Greeting>[] {
    return this.#links;
  }

  /** @throws WorkerDied when the thread dies while it works; UserError and Error as the worker threw */
  async askOnce(lane: number, ask: Ask, transfer: readonly ArrayBuffer[] = []): Promise<Answer> {
    if (!this.#links[lane].alive) await this.#startAt(lane);
    return this.#links[lane].ask(ask, transfer);
  }

  /**
   * Asks again where the thread dies; what is asked stays here too, so nothing of it may change hands.
   *
   * @throws WorkerDied when the second thread dies as well; UserError and Error as the worker threw
   */
  async ask(lane: number, ask: Ask): Promise<Answer> {
    try {
      return await this.askOnce(lane, ask);
    } catch (error) {
      if (!(error instanceof WorkerDied)) throw error;
    }
    return this.askOnce(lane, ask);
  }

  /** Lets every thread dispose of what it holds, and waits for their ends. */
  async stop(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.stop()));
  }

  async #startAt(lane: number): Promise<void> {
    this.#links[lane] = await WorkerLink.start(this.#module, this.#setup);
  }
}
