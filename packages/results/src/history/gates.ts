/**
 * Regressions: an entry held against the newest earlier one that has the same row. FLOPs, accuracy and agreement
 * of backends are held exactly, in both directions: whatever changes them must be meant. Times are held loosely
 * and as ratios of interleaved runs, so that a slower machine is no regression; those beside which too much else ran are
 * held against nothing.
 */
import { counted } from '@vssm/core';
import type { Against, HistoryEntry, HistoryRow } from './entry.ts';
import type { Parity } from './parity.ts';

export interface Regression {
  readonly gate: 'flops' | 'accuracy' | 'parity' | 'time' | 'gone';
  readonly row: string;
  readonly message: string;
}

/** A ratio may fall to this share of what it was. */
const timeTolerance = 0.85;

/** FLOPs are sums of whole numbers below 2^53 in GFLOPs: equal up to the division. */
const flopsTolerance = 1e-12;

export interface Held {
  readonly regressions: readonly Regression[];
  /** How many values of each kind had an earlier one; all zero: nothing was compared, so nothing is said. */
  readonly compared: Readonly<Record<Exclude<Regression['gate'], 'gone'>, number>>;
  /** Times of this entry that were compared with nothing, because other work disturbed them. */
  readonly disturbed: number;
}

/** What a gate finds; null where there is nothing earlier to hold a value against. */
type Finding = readonly Regression[] | null;

/** @param history entries of any commits and machines, the checked one and later ones left aside */
export function heldAgainst(entry: HistoryEntry, history: readonly HistoryEntry[]): Held {
  const earlier = history.filter(({ at, commit }) => at < entry.at && commit !== entry.commit);
  const here = earlier.filter(({ machine }) => machine.id === entry.machine.id);
  const findings = {
    flops: entry.rows.map((row) => flops(row, earlier)),
    accuracy: entry.rows.map((row) => accuracy(row, here)),
    time: [...entry.rows.map((row) => speedup(row, here)), against(entry)],
    parity: entry.parity.map((parity) => agreement(parity, here)),
  };
  const made = (of: readonly Finding[]) => of.filter((finding) => finding !== null);
  return {
    regressions: [...Object.values(findings).flatMap((of) => made(of).flat()), ...gone(entry, here.at(-1))],
    compared: {
      flops: made(findings.flops).length,
      accuracy: made(findings.accuracy).length,
      time: made(findings.time).length,
      parity: made(findings.parity).length,
    },
    disturbed: [...entry.rows, entry.against].filter((timed) => timed !== null && isDisturbed(timed)).length,
  };
}

/** The newest of the same row, with the commit it is of. */
function before<R extends HistoryRow>(row: R, entries: readonly HistoryEntry[], same: (other: R) => boolean) {
  for (const entry of entries.toReversed()) {
    const found = entry.rows.find(
      (other) => other.kind === row.kind && other.row === row.row && same(other as R),
    );
    if (found !== undefined) return { row: found as R, commit: entry.commit.slice(0, 12) };
  }
  return null;
}

function flops(row: HistoryRow, entries: readonly HistoryEntry[]): Finding {
  const old = before(row, entries, () => true);
  if (old === null) return null;
  return (['paper', 'strict'] as const).flatMap((profile) => {
    const [was, is] = [old.row.flops[profile], row.flops[profile]];
    if (Math.abs(is - was) <= flopsTolerance * was) return [];
    return [
      {
        gate: 'flops' as const,
        row: row.row,
        message: `${profile} GFLOPs ${was} in ${old.commit}, now ${is}`,
      },
    ];
  });
}

function accuracy(row: HistoryRow, entries: readonly HistoryEntry[]): Finding {
  if (row.kind !== 'accuracy') return null;
  const old = before(
    row,
    entries,
    ({ idsHash, backend }) =>
      idsHash === row.idsHash && backend.name === row.backend.name && backend.form === row.backend.form,
  );
  if (old === null) return null;
  const words = ({ correct1, correct5, count }: typeof row) => `${correct1} and ${correct5} of ${count}`;
  if (words(old.row) === words(row)) return [];
  const message = `right among 1 and 5: ${words(old.row)} in ${old.commit}, now ${words(row)} (${row.backend.name})`;
  return [{ gate: 'accuracy', row: row.row, message }];
}

function isDisturbed(timed: HistoryRow | Against): boolean {
  if (!('kind' in timed)) return timed.otherWork?.disturbed === true;
  return timed.kind === 'speed' && timed.disturbed === true;
}

function speedup(row: HistoryRow, entries: readonly HistoryEntry[]): Finding {
  if (row.kind !== 'speed' || row.speedup === null || isDisturbed(row)) return null;
  const old = before(
    row,
    entries,
    (other) =>
      other.speedup !== null &&
      !isDisturbed(other) &&
      other.threads === row.threads &&
      other.batch === row.batch &&
      other.backend.name === row.backend.name &&
      other.backend.form === row.backend.form,
  );
  const was = old?.row.speedup;
  if (old === null || was == null) return null;
  if (row.speedup >= timeTolerance * was) return [];
  const message = `dense over pruned ${was.toFixed(2)} in ${old.commit}, now ${row.speedup.toFixed(2)}`;
  return [{ gate: 'time', row: row.row, message }];
}

function agreement(parity: Parity, entries: readonly HistoryEntry[]): Finding {
  const [one, other] = parity.backends;
  for (const { parity: earlier, commit } of entries.toReversed()) {
    const old = earlier.find(
      ({ row, backends, images }) =>
        row === parity.row && backends[0] === one && backends[1] === other && images === parity.images,
    );
    if (old === undefined) continue;
    if (old.differing === parity.differing) return [];
    const message = `${one} and ${other} differ on ${parity.differing} of ${parity.images} images, on ${old.differing} in ${commit.slice(0, 12)}`;
    return [{ gate: 'parity', row: parity.row, message }];
  }
  return null;
}

/** Against another checkout, timed interleaved with this one. */
function against({ against: measured }: HistoryEntry): Finding {
  if (measured === null || isDisturbed(measured)) return null;
  if (measured.median >= timeTolerance) return [];
  const message = `${measured.commit} takes ${measured.median.toFixed(2)} of this one's time (median of ${counted(measured.rounds, 'round')})`;
  return [{ gate: 'time', row: 'evaluation', message }];
}

function gone({ rows }: HistoryEntry, last: HistoryEntry | undefined): Regression[] {
  if (last === undefined) return [];
  const now = new Set(rows.map(({ kind, row }) => `${kind} ${row}`));
  return last.rows
    .filter(({ kind, row }) => !now.has(`${kind} ${row}`))
    .map(({ kind, row }) => ({
      gate: 'gone',
      row,
      message: `its ${kind} was there in ${last.commit.slice(0, 12)}`,
    }));
}
