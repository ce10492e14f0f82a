/** Words for what a schema found wrong. */
import type { z } from 'zod';

/** The first few issues on one line: `sample.count: expected number; …`. */
export function describeIssues(error: z.ZodError, most = 3): string {
  const shown = error.issues.slice(0, most).map((issue) => {
    const where = issue.path.join('.');
    const message = issue.message.length > 200 ? `${issue.message.slice(0, 200)}…` : issue.message;
    return where === '' ? message : `${where}: ${message}`;
  });
  const more = error.issues.length - shown.length;
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '');
}
