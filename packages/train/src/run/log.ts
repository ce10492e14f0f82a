/**
 * The log of a run as JSON lines: what is run, then a line now and then with the loss, and one for every epoch. A run
 * that is resumed drops the lines beyond the state it starts from, so that the log reads as if nothing had happened
 * (but for the times).
 */
import { existsSync, readFileSync } from 'node:fs';
import { UserError } from '@vssm/core';
import { AppendFile, writeWhole } from '@vssm/core/files';
import type { RunIdentity } from './state.ts';

export interface RunLine {
  readonly kind: 'run';
  readonly identity: RunIdentity;
  /** What does not decide the result: threads, versions, the processor. */
  readonly circumstances: Readonly<Record<string, unknown>>;
}

export interface StepLine {
  readonly kind: 'step';
  /** Steps done. */
  readonly step: number;
  /** Epochs done, with the part of the current one. */
  readonly epoch: number;
  /**
   * Means since the last line, over augmented images with smoothed labels; a segmenter's `top1` is that of all pixels, those
   * without a label counted as wrong.
   */
  readonly loss: number;
  readonly top1: number;
  readonly learningRate: number;
  /** Of the last step, before clipping. */
  readonly gradientNorm: number;
  readonly imagesPerSecond: number;
}

/** Of a classifier, or of a segmenter. */
export type Evaluation = ClassificationEvaluation | SegmentationEvaluation;

interface Judged {
  /** Of the images; an earlier log says it in its first line alone. */
  readonly split?: string;
  /** Images with an answer. */
  readonly count: number;
  /** Images without an answer, and why; absent where all have one. */
  readonly failed?: readonly { readonly id: string; readonly error: string }[];
}

export interface ClassificationEvaluation extends Judged {
  readonly correct: number;
  /** Percent. */
  readonly top1: number;
}

/** As `vssm segment` gives them. */
export interface SegmentationEvaluation extends Judged {
  /** Percent; null where no class has a pixel. */
  readonly miou: number | null;
  readonly macc: number | null;
  readonly aacc: number | null;
}

export interface EpochLine {
  readonly kind: 'epoch';
  readonly step: number;
  readonly epoch: number;
  /** Of the test images; null where none were given. */
  readonly test: Evaluation | null;
}

export type LogLine = RunLine | StepLine | EpochLine;

export class TrainingLog {
  readonly #file: AppendFile;
  /** Steps after which there is a line of an epoch. */
  readonly #judged = new Set<number>();

  /** @param step done so far; later lines are dropped. 0 begins a new log */
  constructor(path: string, run: RunLine, step: number) {
    const kept = step === 0 || !existsSync(path) ? [run] : upTo(readLog(path), step);
    // A run that is prolonged is another one from here on, and the log says so where it begins.
    if (!kept.some((line) => line.kind === 'run' && sameIdentity(line, run))) kept.push(run);
    const text = kept.map((line) => `${JSON.stringify(line)}\n`).join('');
    writeWhole(path, text);
    this.#file = new AppendFile(path, Buffer.byteLength(text));
    for (const line of kept) this.#note(line);
  }

  /** Whether it says how the epoch that ended with this step was judged, if it was. */
  isJudged(step: number): boolean {
    return this.#judged.has(step);
  }

  add(line: LogLine): void {
    this.#file.append(`${JSON.stringify(line)}\n`);
    this.#note(line);
  }

  #note(line: LogLine): void {
    if (line.kind === 'epoch') this.#judged.add(line.step);
  }

  close(): void {
    this.#file.close();
  }
}

/** @throws UserError for a line that is no JSON; a last one without an end is left out, as a kill leaves it */
export function readLog(path: string): LogLine[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop();
  return lines.map((line, i) => {
    try {
      return JSON.parse(line) as LogLine;
    } catch {
      throw new UserError(`${path}: line ${i + 1} is not JSON; remove it`);
    }
  });
}

function sameIdentity(a: RunLine, b: RunLine): boolean {
  return JSON.stringify(a.identity) === JSON.stringify(b.identity);
}

function upTo(lines: readonly LogLine[], step: number): LogLine[] {
  return lines.filter((line) => line.kind === 'run' || line.step <= step);
}
