/** How a row of an experiment ended, for a table's cell: mean over its seeds, their deviation, how many they are. */
import { counted } from '@vssm/core';
import { mean, standardDeviation } from '@vssm/results/statistics';
import { endsOf, type TrainedRecord, type TrainedRow } from '@vssm/results/trained';
import { points } from '../../format.ts';
import { html, type Markup } from '../../html.ts';

export function ending(record: TrainedRecord, row: TrainedRow): Markup {
  const ends = endsOf(record, row);
  const deviation = standardDeviation(ends);
  return html`<span class="value">${points(mean(ends), 2)}</span> <small>${deviation !== null && `± ${points(deviation, 2)}, `}${counted(ends.length, 'seed')}</small>`;
}
