/** Timing cases against each other on a machine that does other things too. */

export interface Summary {
  readonly median: number;
  /** The middle half of the times lies between these. */
  readonly low: number;
  readonly high: number;
}

export function summary(times: readonly number[]): Summary {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))];
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

/**
 * Milliseconds of every case in each round. All cases take turns, each round beginning with another one, so that
 * whatever else the machine does falls on all alike; the first third of the rounds is warm-up and left out.
 */
export function takeTurns(
  cases: Readonly<Record<string, () => void>>,
  rounds: number,
): Readonly<Record<string, readonly number[]>> {
  const order = Object.entries(cases);
  const times: Record<string, number[]> = Object.fromEntries(order.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const first = round % order.length;
    for (const [name, run] of [...order.slice(first), ...order.slice(0, first)]) {
      const start = performance.now();
      run();
      const took = performance.now() - start;
      if (round >= rounds / 3) times[name].push(took);
    }
  }
  return times;
}
