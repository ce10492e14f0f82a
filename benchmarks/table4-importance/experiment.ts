/** Table 4 of the paper: what tokens are ranked by, everything else as in ToP (decay + positional). */
import { fileURLToPath } from 'node:url';
import {
  type Experiment,
  imageNetRow,
  importanceArms,
  miniatureDense,
  miniatureRows,
  plainMambaRow,
  stepsAfter,
} from '@vssm/bench';

const schedule = stepsAfter([5, 10, 15], 0.8);

const imageNetRows = importanceArms.map((arm) =>
  imageNetRow({
    model: 'vim-small',
    arm,
    schedule,
    paper: { table: 4, row: `vim-small-${arm.options.reduce}` },
    notes: [
      'Training-free; the schedule of the paper’s table 4 is not known, this is the one of its table 1.',
    ],
  }),
);

const plainMambaRows = importanceArms.map((arm) =>
  plainMambaRow('plainmamba-l3', arm, { table: 4, row: `plainmamba-l3-${arm.options.reduce}` }, [
    'Training-free.',
  ]),
);

export const experiment: Experiment = {
  id: 'table4-importance',
  title: 'token importance',
  paperFile: fileURLToPath(new URL('./paper.json', import.meta.url)),
  rows: [miniatureDense(), ...miniatureRows(importanceArms), ...imageNetRows, ...plainMambaRows],
};
