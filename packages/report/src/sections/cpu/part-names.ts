/** What the parts of a profile are called, and their colours; from the largest to the smallest as a rule. */
import type { ProfileRecord } from '@vssm/results';
import type { Colour } from '../../palette.ts';

export type Part = ProfileRecord['parts'][number]['part'];

export const partNames: Readonly<Record<Part, { readonly name: string; readonly colour: Colour }>> = {
  'inter-scan': { name: 'input and output projections, norm', colour: 'series1' },
  projections: { name: 'projections of the scan’s inputs', colour: 'series2' },
  scan: { name: 'scan and gate', colour: 'accent1' },
  convolution: { name: 'convolution', colour: 'accent2' },
  pruning: { name: 'selection and gathers', colour: 'accent3' },
  embed: { name: 'patches', colour: 'other' },
  head: { name: 'classifier', colour: 'strong' },
};
