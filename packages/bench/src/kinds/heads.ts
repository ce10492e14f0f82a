/** What every record says of the row it belongs to. */
import type { AccuracyRecord } from '@vssm/results';

export type RecordHead = Pick<
  AccuracyRecord,
  'schema' | 'key' | 'experiment' | 'row' | 'label' | 'paper' | 'notes'
>;
