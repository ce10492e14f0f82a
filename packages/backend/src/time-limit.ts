/** Waiting for something outside of our hands (a driver, a browser), but not for ever. */

/**
 * What `wait` resolves to, or the error of `late` once `limitMs` are over. What was waited for is left alone: who
 * can end it does so.
 */
export async function within<T>(limitMs: number, wait: Promise<T>, late: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), limitMs);
  });
  try {
    return await Promise.race([wait, end]);
  } finally {
    clearTimeout(timer);
    // Its failure after the limit is nobody's any more.
    wait.catch(() => undefined);
  }
}
