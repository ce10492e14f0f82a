/** Table 5 of the paper: what later blocks do about pruned tokens, importance fixed to the clipped sum. */
import { fileURLToPath } from 'node:url';
import {
  type Arm,
  alignmentArms,
  type Experiment,
  imageNetRow,
  miniatureDense,
  miniatureRows,
  plainMambaRow,
  stepsAfter,
  top,
} from '@vssm/bench';

const schedule = stepsAfter([5, 10, 15], 0.8);

/** How the table's two arms are read; the other ways have no number in the paper. */
const paperRows: Readonly<Record<string, string>> = {
  'clip-none-compact': 'vim-small-without',
  top: 'vim-small-with',
};

const imageNetRows = alignmentArms.map((arm) =>
  imageNetRow({
    model: 'vim-small',
    arm,
    schedule,
    paper: Object.hasOwn(paperRows, arm.id) ? { table: 5, row: paperRows[arm.id] } : null,
    notes: [
      'Training-free; the published accuracy is after fine-tuning, with a schedule that is not known (this is the one of table 1).',
    ],
  }),
);

/** The alignments that exist for PlainMamba: its convolution always runs on the grid. */
const plainMambaArms: readonly (Arm & { readonly paperRow: string | null })[] = [
  {
    id: 'clip-none',
    label: 'clip, none',
    options: { reduce: 'clip', alignment: 'none' },
    paperRow: 'plainmamba-l3-without',
  },
  { ...top, label: 'ToP: clip, decay', paperRow: 'plainmamba-l3-with' },
  {
    id: 'clip-mask',
    label: 'clip, mask',
    options: { reduce: 'clip', alignment: 'mask' },
    paperRow: null,
  },
];

const plainMambaRows = plainMambaArms.map(({ paperRow, ...arm }) =>
  plainMambaRow('plainmamba-l3', arm, paperRow === null ? null : { table: 5, row: paperRow }, [
    'Training-free; the published accuracy is after fine-tuning.',
  ]),
);

export const experiment: Experiment = {
  id: 'table5-alignment',
  title: 'alignment',
  paperFile: fileURLToPath(new URL('./paper.json', import.meta.url)),
  rows: [miniatureDense(), ...miniatureRows(alignmentArms), ...imageNetRows, ...plainMambaRows],
};
