/** A new PlainMamba for the training engine. */
import { UserError } from '@vssm/core';
import type { NewShape } from '../family.ts';
import { type PlainMambaSpec, plainMambaGrid, plainMambaSpec } from './spec.ts';

/** Half the published stem: a small model's tokens are narrow too. */
const usualStem = { width: 32, convs: 1 };

export function newPlainMambaSpec({
  stride,
  registers,
  reduction,
  stemWidth = usualStem.width,
  stemConvs = usualStem.convs,
  ...shape
}: NewShape): PlainMambaSpec {
  if (stride !== undefined) {
    throw new UserError(`stride ${stride}: a PlainMamba has none; its cells never overlap`);
  }
  if (registers !== undefined || reduction !== undefined) {
    const [what, value] = registers === undefined ? ['reduction', reduction] : ['registers', registers];
    throw new UserError(`${what} ${value}: a PlainMamba has neither registers nor a neck`);
  }
  const spec = plainMambaSpec({ ...shape, stemWidth, stemConvs });
  const { height, width } = plainMambaGrid(spec);
  return { ...spec, positionRows: height, positionColumns: width };
}
