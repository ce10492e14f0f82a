/**
 * Schedules and token counts. A step prunes on leaving block `after` (1-based) and keeps `keep` of the tokens
 * that are there then. On the command line: `5,10,15@0.8`, several joined by `;` (`5,10@0.8;15@0.7`).
 */
import { UserError } from '../errors.ts';

export interface PruningStep {
  /** 1-based block that the step follows. */
  readonly after: number;
  /** Keep ratio, 0 < keep <= 1, of the current length. */
  readonly keep: number;
}

export function parseSchedule(text: string): readonly PruningStep[] {
  const steps: PruningStep[] = [];
  for (const part of text.split(';')) {
    const match = /^\s*(\d+(?:\s*,\s*\d+)*)\s*@\s*(\d*\.?\d+)\s*$/.exec(part);
    if (match === null) {
      throw new UserError(
        `schedule "${text}": "${part}" is not of the form BLOCK,BLOCK@KEEP, for instance 5,10,15@0.8`,
      );
    }
    for (const block of match[1].split(',')) steps.push({ after: Number(block), keep: Number(match[2]) });
  }
  return checkSchedule(steps);
}

/** The inverse of parseSchedule: neighbouring steps of one keep ratio are joined. Dense is the empty string. */
export function formatSchedule(schedule: readonly PruningStep[]): string {
  const parts: { blocks: number[]; keep: number }[] = [];
  for (const { after, keep } of schedule) {
    const last = parts.at(-1);
    if (last?.keep === keep) last.blocks.push(after);
    else parts.push({ blocks: [after], keep });
  }
  return parts.map(({ blocks, keep }) => `${blocks.join(',')}@${keep}`).join(';');
}

/** Blocks rise, ratios lie in (0, 1]; throws a UserError otherwise. */
export function checkSchedule(schedule: readonly PruningStep[]): readonly PruningStep[] {
  let previous = 0;
  for (const { after, keep } of schedule) {
    if (!Number.isInteger(after) || after < 1) {
      throw new UserError(`schedule: block ${after} must be a whole number, 1 or more`);
    }
    if (after <= previous) {
      throw new UserError(`schedule: block ${after} comes after block ${previous}; blocks must rise`);
    }
    if (!(keep > 0 && keep <= 1)) {
      throw new UserError(`schedule: keep ratio ${keep} after block ${after} must be above 0 and at most 1`);
    }
    previous = after;
  }
  return schedule;
}

/** A step after the last block would change nothing; a step after a block that is not there cannot be run. */
export function checkScheduleDepth(schedule: readonly PruningStep[], depth: number): void {
  for (const { after } of schedule) {
    if (after > depth) {
      throw new UserError(`schedule: block ${after} is not there; the model has ${depth} blocks`);
    }
  }
}

/**
 * Tokens kept of `length`, class token included, for models with a class token: k = ceil((L-1)·keep) made odd
 * (`countClassToken`: ceil(L·keep) made odd, as in the released masking code). IEEE double arithmetic on
 * purpose: the released code's Python rounds the same way (100·0.55 gives 56). A ratio of 1 prunes nothing,
 * also where the parity rule alone would drop one token of an even length. Never more than `length`.
 */
export function keptCount(length: number, keep: number, countClassToken = false): number {
  if (keep === 1) return length;
  const rounded = Math.ceil((countClassToken ? length : length - 1) * keep);
  return Math.min(rounded % 2 === 0 ? rounded + 1 : rounded, length);
}

/** Number of live tokens: first the full length, then the count after each step. */
export function tokenCounts(
  length: number,
  schedule: readonly PruningStep[],
  countClassToken = false,
): readonly number[] {
  const counts = [length];
  for (const { keep } of schedule) counts.push(keptCount(counts.at(-1)!, keep, countClassToken));
  return counts;
}

/** Live tokens entering each block, 0-based. */
export function tokensPerBlock(
  length: number,
  depth: number,
  schedule: readonly PruningStep[],
  countClassToken = false,
): readonly number[] {
  const counts = tokenCounts(length, schedule, countClassToken);
  return Array.from({ length: depth }, (_, block) => {
    const steps = schedule.filter(({ after }) => after <= block).length;
    return counts[steps];
  });
}
