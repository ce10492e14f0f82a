/** Options of `vssm experiment`, as commander names them. */
import type { OutputOptions } from '../output.ts';

export const experimentNames = ['finetuning', 'headline', 'scenes', 'class-token'] as const;
export type ExperimentName = (typeof experimentNames)[number];

export interface ExperimentOptions extends OutputOptions {
  /** Default: the first. */
  readonly name?: ExperimentName;
  readonly data: string;
  readonly out: string;
  readonly threads: number;
  /** Of several experiments of one name, the only one. */
  readonly part?: string;
  readonly plan?: boolean;
  readonly soFar?: boolean;
  /** A folder with the record and the logs of what is finished elsewhere. */
  readonly from?: string;
}
