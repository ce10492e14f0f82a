/**
 * Schedules. A step prunes on leaving block `after` (1-based) and keeps `keep` of the tokens
 * that are there then. On the command line: `5,10,15@0.8`, several joined by `;` (`5,10@0.8;15@0.7`).
 */
import { UserError } from '../errors.ts';

export interface PruningStep {
  /** 1-based block that the step follows. */
  readonly after: number;
  /** Keep ratio, 0 < keep <= 1, of the current length. */
  readonly keep: number;
}

/**
 * Steps in the order of the text.
 * @throws UserError for another form; ranges and order are checked with the plan
 */
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
