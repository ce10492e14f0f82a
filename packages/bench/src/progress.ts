/**
 * Progress for people, on stderr: a bar on a terminal, a line now and then elsewhere. Its unit is estimated
 * milliseconds of work; the time left is that estimate corrected by the pace so far.
 */
import { printable } from '@vssm/core';
import { MultiBar, type SingleBar } from 'cli-progress';
import { formatDuration } from './duration.ts';

export interface Progress {
  /** @param totalMs estimated work of the whole run */
  begin(totalMs: number): void;
  task(label: string): void;
  /** Work that an earlier run had done. */
  found(ms: number): void;
  /** Work that has just been done. */
  advance(ms: number): void;
  /** A line that stays. */
  say(line: string): void;
  end(): void;
}

export interface Output {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** A bar where `output` is a terminal, lines elsewhere. */
export function progressOn(output: NodeJS.WriteStream): Progress {
  return output.isTTY ? new BarProgress(output) : new LineProgress(output);
}

/** Says nothing. */
export const silentProgress: Progress = {
  begin() {},
  task() {},
  found() {},
  advance() {},
  say() {},
  end() {},
};

/** What is left, in estimated and in real time. */
export class Pace {
  #total: number;
  #done = 0;
  readonly #now: () => number;
  readonly #started: number;

  constructor(totalMs: number, now: () => number = () => performance.now()) {
    this.#total = totalMs;
    this.#now = now;
    this.#started = now();
  }

  found(ms: number): void {
    this.#total -= ms;
  }

  advance(ms: number): void {
    this.#done += ms;
  }

  /** 0 … 1 */
  get share(): number {
    return this.#total <= 0 ? 1 : Math.min(1, this.#done / this.#total);
  }

  /** ms; the estimate alone until 2 % are done, then corrected by the pace so far. */
  get remainingMs(): number {
    const left = Math.max(0, this.#total - this.#done);
    if (this.share < 0.02) return left;
    return (left * (this.#now() - this.#started)) / this.#done;
  }
}

class BarProgress implements Progress {
  readonly #bars: MultiBar;
  #bar: SingleBar | null = null;
  #pace = new Pace(0);
  #label = '';
  readonly #columns: number;

  constructor(output: NodeJS.WriteStream) {
    this.#columns = output.columns ?? 80;
    this.#bars = new MultiBar({
      stream: output,
      format: '{bar} {percentage}% · {left} left · {label}',
      barsize: 24,
      hideCursor: true,
      clearOnComplete: true,
      stopOnComplete: false,
      // Ctrl-C is the runner's to handle.
      gracefulExit: false,
    });
  }

  begin(totalMs: number): void {
    this.#pace = new Pace(totalMs);
    this.#bar = this.#bars.create(1000, 0, this.#payload());
  }

  task(label: string): void {
    this.#label = printable(label).slice(0, Math.max(20, this.#columns - 54));
    this.#show();
  }

  found(ms: number): void {
    this.#pace.found(ms);
    this.#show();
  }

  advance(ms: number): void {
    this.#pace.advance(ms);
    this.#show();
  }

  say(line: string): void {
    this.#bars.log(`${printable(line)}\n`);
    this.#bars.update();
  }

  end(): void {
    this.#bars.stop();
  }

  #show(): void {
    this.#bar?.update(Math.floor(1000 * this.#pace.share), this.#payload());
    this.#bars.update();
  }

  #payload() {
    return { left: formatDuration(this.#pace.remainingMs), label: this.#label };
  }
}

/** Longest silence between two lines, ms. */
const quietMs = 20_000;

export class LineProgress implements Progress {
  readonly #output: Output;
  readonly #now: () => number;
  #pace: Pace;
  #label = '';
  #spoken: number;

  constructor(output: Output, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
    this.#pace = new Pace(0, now);
    this.#spoken = now();
  }

  begin(totalMs: number): void {
    this.#pace = new Pace(totalMs, this.#now);
  }

  task(label: string): void {
    this.#label = label;
  }

  found(ms: number): void {
    this.#pace.found(ms);
  }

  advance(ms: number): void {
    this.#pace.advance(ms);
    if (this.#now() - this.#spoken < quietMs) return;
    const percentage = Math.floor(100 * this.#pace.share);
    this.say(`${percentage} %, about ${formatDuration(this.#pace.remainingMs)} left · ${this.#label}`);
  }

  say(line: string): void {
    this.#spoken = this.#now();
    this.#output.write(`${printable(line)}\n`);
  }

  end(): void {}
}
