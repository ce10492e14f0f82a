/** What a further thread is worth on a machine: two processors of one core are not two cores. */
import { counted } from '@vssm/core';
import type { ProfileRecord } from '@vssm/results';
import type { Evidence } from './evidence.ts';

/** Least part of a whole core that each further thread gives, from which on nothing needs to be said of it. */
const wholeCore = 0.75;

/**
 * A sentence for every machine whose matrix products were measured with one thread and with more.
 *
 * @returns empty where none was
 */
export function furtherThreads({ profiles }: Pick<Evidence, 'profiles'>): string[] {
  const sentences = profiles.flatMap(({ record, run }) => {
    const gain = threadsGain(record);
    if (gain === null) return [];
    const [threads, rate] = gain;
    const name = run === null ? 'An unnamed machine' : run.environment.cpu;
    const said = `${name}: ${counted(threads, 'thread')} multiply matrices at ${rate.toFixed(2)} times the rate of one`;
    const shared = rate < 1 + wholeCore * (threads - 1);
    return [shared ? `${said}, so they are not ${counted(threads, 'core')}` : said];
  });
  return [...new Set(sentences)];
}

/** The most threads whose rate is known, and that rate over one thread's. */
function threadsGain({ roofs }: ProfileRecord): readonly [threads: number, rate: number] | null {
  const one = roofs.find(({ threads }) => threads === 1);
  const most = roofs.toSorted((a, b) => b.threads - a.threads)[0];
  if (one === undefined || most.threads === 1) return null;
  return [most.threads, most.gflopsPerSecond / one.gflopsPerSecond];
}
