/** How numbers moved from commit to commit, on the machine of the newest entry of the history. */
import { counted } from '@vssm/core';
import type { HistoryEntry } from '@vssm/results';
import { figure } from '../charts/chart.ts';
import { mostRows, type TrendPoint, trendChart } from '../charts/trend.ts';
import { html, type Markup } from '../html.ts';
import { pathName } from '../plan-names.ts';
import type { Context, Section } from './section.ts';

export async function trends({ evidence, files }: Context): Promise<Section | null> {
  const newest = evidence.history.at(-1);
  if (newest === undefined) return null;
  const entries = evidence.history.filter(({ machine }) => machine.id === newest.machine.id);
  if (entries.length < 2) return null;
  const where = `${newest.machine.cpu}, ${counted(newest.machine.cores, 'core')}`;
  const charts = await Promise.all([
    draw('trend-accuracy', 'Accuracy from commit to commit', 'top-1, %', accuracyPoints(entries)),
    draw(
      'trend-speedup',
      'Speed-up by pruning from commit to commit',
      'time dense / pruned',
      speedPoints(entries),
    ),
  ]);
  return {
    id: 'trends',
    title: 'From commit to commit',
    body: html`<p>${counted(entries.length, 'commit')} on ${where}, from ${entries[0].at.slice(0, 10)} to ${newest.at.slice(0, 10)}.
Accuracies are held exactly from night to night; times only as ratios of runs timed interleaved.</p>${charts}`,
  };

  async function draw(
    id: string,
    title: string,
    unit: string,
    points: readonly TrendPoint[],
  ): Promise<Markup | null> {
    const rows = [...Map.groupBy(points, ({ row }) => row)].filter(([, own]) => own.length > 1);
    if (rows.length === 0) return null;
    const shown = rows
      .toSorted(([, a], [, b]) => b.length - a.length)
      .slice(0, mostRows)
      .flatMap(([, own]) => own);
    const more = rows.length - Math.min(rows.length, mostRows);
    const note = html`One line for each row${more > 0 && html`; ${counted(more, 'more row')} left out`}.`;
    const alt = `${title}: ${unit} of ${counted(Math.min(rows.length, mostRows), 'row')} over ${counted(entries.length, 'commit')}.`;
    return figure(trendChart({ id, title, alt, note, unit, points: shown }), files);
  }
}

function place({ commit, at }: HistoryEntry) {
  return { commit: commit.slice(0, 7), at };
}

function accuracyPoints(entries: readonly HistoryEntry[]): TrendPoint[] {
  return entries.flatMap((entry) =>
    entry.rows.flatMap((row) =>
      row.kind === 'accuracy' && !row.partial
        ? [
            {
              ...place(entry),
              row: `${row.row}, ${row.backend.name}`,
              value: (100 * row.correct1) / row.count,
            },
          ]
        : [],
    ),
  );
}

function speedPoints(entries: readonly HistoryEntry[]): TrendPoint[] {
  return entries.flatMap((entry) =>
    entry.rows.flatMap((row) =>
      row.kind === 'speed' && row.speedup !== null
        ? [
            {
              ...place(entry),
              row: `${row.row}, ${pathName(row.backend)}, batch ${row.batch}`,
              value: row.speedup,
            },
          ]
        : [],
    ),
  );
}
