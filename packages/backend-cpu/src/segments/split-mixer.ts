/**
 * One image on several cores. Native kernels share the channels among threads of their own, on the same bytes.
 * WebAssembly cannot: there the calling thread takes the first share, each partner another, at the same time. Shares
 * travel through exchange memory; their rows are packed and unpacked by the gather kernel.
 */
import { Worker } from 'node:worker_threads';
import '@vssm/backend/no-telemetry';
import { sequenceLength } from '@vssm/families';
import type { Region, Rows } from '@vssm/kernels';
import { createExchange, type Exchange, extraRows, failure, operations, slots } from './exchange.ts';
import { shareWeights } from './messages.ts';
import type { ChannelRange, Mixer, MixerContext, MixJob } from './mixer.ts';
import type { PartnerSetup } from './partner.ts';
import { mixingOf } from './table.ts';

/** No share is worth a separate thread below this many channels. */
const smallestShare = 64;
/** ms; a job takes a few, so a partner that is silent for so long is gone. */
const patience = 60_000;

/** Shares of `channels` for up to `threads` threads, multiples of the kernels' tile where there are enough. */
export function shareChannels(channels: number, threads: number): ChannelRange[] {
  const shares = Math.max(1, Math.min(threads, Math.floor(channels / smallestShare)));
  const ends = Array.from({ length: shares + 1 }, (_, i) =>
    i === shares ? channels : smallestShare * Math.round((channels * i) / shares / smallestShare),
  );
  return Array.from({ length: shares }, (_, i) => ({ first: ends[i], count: ends[i + 1] - ends[i] }));
}

/**
 * A mixer for all channels, over up to so many threads.
 *
 * @param context with kernels made for so many
 */
export async function mixerOver(context: MixerContext, threads: number): Promise<Mixer> {
  const { kernels, spec } = context;
  const shares = shareChannels(spec.innerWidth, kernels.implementation === 'native' ? 1 : threads);
  return shares.length === 1 ? mixingOf(spec).mixer(context, shares[0]) : SplitMixer.create(context, shares);
}

interface Partner {
  readonly worker: Worker;
  readonly range: ChannelRange;
  readonly exchange: Exchange;
}

class SplitMixer implements Mixer {
  readonly #context: MixerContext;
  readonly #own: Mixer;
  readonly #partners: readonly Partner[];
  /** [rows, share], for packing */
  readonly #staging: Region<Float32Array>;
  /** 0, 1, 2, … */
  readonly #rowNumbers: Region<Int32Array>;

  /** @param context with the places of all channels */
  static async create(context: MixerContext, shares: readonly ChannelRange[]): Promise<SplitMixer> {
    const { spec, batch, places } = context;
    const rows = batch * sequenceLength(spec);
    const weights = shareWeights(context.weights);
    const extras = extraRows(places.extras);
    const partners = await Promise.all(
      shares.slice(1).map(async (range): Promise<Partner> => {
        const exchange = createExchange(spec, places.sets.length, extras.length, rows, range.count);
        const { implementation } = context.kernels;
        const extraCounts = {
          directions: places.extras?.directions?.length ?? 0,
          sum: places.extras?.sum !== undefined,
          gatedBackward: places.extras?.gatedBackward !== undefined,
        };
        const setup: PartnerSetup = {
          ...{ spec, weights, range, batch, rows, exchange, implementation },
          extras: extraCounts,
          share: context.share,
        };
        const worker = new Worker(new URL('./partner.ts', import.meta.url), { workerData: setup });
        await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
        worker.unref();
        return { worker, range, exchange };
      }),
    );
    return new SplitMixer(context, shares[0], partners, rows);
  }

  constructor(context: MixerContext, own: ChannelRange, partners: readonly Partner[], rows: number) {
    const { arena } = context;
    this.#context = context;
    this.#own = mixingOf(context.spec).mixer(context, own);
    this.#partners = partners;
    this.#staging = arena.float32(rows * Math.max(1, ...partners.map(({ range }) => range.count)));
    this.#rowNumbers = arena.int32(rows);
    this.#rowNumbers.view().set(Int32Array.from({ length: rows }, (_, row) => row));
  }

  arrange(batch: number, length: number, columns: number): void {
    const written = this.#context.places.positions.view().subarray(0, batch * length);
    for (const { exchange } of this.#partners) exchange.positions.set(written);
    const job = { block: 0, batch, length, positionalTaps: false, gaps: false, columns };
    this.#together(job, operations.arrange, () => this.#own.arrange(batch, length, columns));
  }

  convolve(job: MixJob): void {
    const { x, sets } = this.#context.places;
    for (const { range, exchange } of this.#partners) this.#pack(x, range, job, exchange.x);
    this.#together(job, operations.convolve, () => this.#own.convolve(job));
    for (const { range, exchange } of this.#partners) {
      for (const [set, { u }] of sets.entries()) this.#unpack(exchange.sets[set].u, u, range, job);
    }
  }

  scan(job: MixJob, handOut: boolean): void {
    const { places } = this.#context;
    const rows = job.batch * job.length;
    for (const { range, exchange } of this.#partners) {
      this.#pack(places.z, range, job, exchange.z);
      for (const [set, { delta, projected }] of places.sets.entries()) {
        this.#pack(delta, range, job, exchange.sets[set].delta);
        exchange.sets[set].projected.set(this.#floats(projected.at, rows * projected.stride));
      }
    }
    this.#together(job, operations.scan, () => this.#own.scan(job, handOut), handOut);
    for (const { range, exchange } of this.#partners) {
      this.#unpack(exchange.y, places.y, range, job);
      if (!handOut) continue;
      for (const [i, to] of extraRows(places.extras).entries()) {
        this.#unpack(exchange.extras[i], to, range, job);
      }
    }
  }

  async dispose(): Promise<void> {
    for (const { worker, exchange } of this.#partners) {
      this.#give(exchange, operations.stop);
      await worker.terminate();
    }
  }

  /** Starts every partner, does the own share, and waits for the partners. */
  #together(job: MixJob, operation: number, own: () => void, handOut = false): void {
    for (const { exchange } of this.#partners) {
      const { control } = exchange;
      control[slots.block] = job.block;
      control[slots.batch] = job.batch;
      control[slots.length] = job.length;
      control[slots.positionalTaps] = Number(job.positionalTaps);
      control[slots.gaps] = Number(job.gaps);
      control[slots.columns] = job.columns;
      control[slots.handOut] = Number(handOut);
      this.#give(exchange, operation);
    }
    own();
    // All of them: the exchange memory is a partner's until it is done.
    const failures = this.#partners.map(({ exchange }) => waitFor(exchange));
    const failed = failures.find((reason) => reason !== null);
    if (failed !== undefined) throw new Error(failed);
  }

  #give({ control }: Exchange, operation: number): void {
    control[slots.operation] = operation;
    Atomics.add(control, slots.given, 1);
    Atomics.notify(control, slots.given);
  }

  /** A share of rows, gathered and handed over. */
  #pack(from: Rows, { first, count }: ChannelRange, { batch, length }: MixJob, to: Float32Array): void {
    const rows = batch * length;
    this.#copyRows(
      { at: from.at + 4 * first, stride: from.stride },
      { at: this.#staging.at, stride: count },
      rows,
      count,
    );
    to.set(this.#floats(this.#staging.at, rows * count));
  }

  #unpack(from: Float32Array, to: Rows, { first, count }: ChannelRange, { batch, length }: MixJob): void {
    const rows = batch * length;
    this.#floats(this.#staging.at, rows * count).set(from.subarray(0, rows * count));
    this.#copyRows(
      { at: this.#staging.at, stride: count },
      { at: to.at + 4 * first, stride: to.stride },
      rows,
      count,
    );
  }

  #copyRows(from: Rows, to: Rows, rows: number, width: number): void {
    const indices = this.#rowNumbers.at;
    this.#context.kernels.gatherRows({ batch: 1, length: rows, kept: rows, width, from, to, indices });
  }

  #floats(at: number, count: number): Float32Array {
    return new Float32Array(this.#context.kernels.memory.buffer, at, count);
  }
}

/** @returns why the partner has no answer; null where it has */
function waitFor({ control }: Exchange): string | null {
  const given = Atomics.load(control, slots.given);
  for (
    let done = Atomics.load(control, slots.done);
    done !== given;
    done = Atomics.load(control, slots.done)
  ) {
    if (done === failure) {
      // It waits for its next job, whose end is not this one's.
      Atomics.store(control, slots.done, given);
      return 'a partner thread failed';
    }
    if (Atomics.wait(control, slots.done, done, patience) === 'timed-out') {
      return `a partner thread did not answer within ${patience / 1000} s`;
    }
  }
  return null;
}
