/** A PlainMamba's hyper-parameters from the names and shapes of its tensors. */
import type { Weights } from '@vssm/core';
import { axisOf, countOf, decide, numbersIn } from '../../checkpoint/infer.ts';
import type { PlainMambaSpec } from '../spec.ts';

/** What names and shapes tell; image size and grid are another matter. */
export interface PlainMambaShape
  extends Omit<PlainMambaSpec, 'family' | 'imageHeight' | 'imageWidth' | 'positionRows' | 'positionColumns'> {
  /** Rows of pos_embed: the cells of the grid that it was trained on. */
  readonly cells: number;
}

export function plainMambaShape(weights: Weights): PlainMambaShape {
  const axis = (names: RegExp, index: number) => axisOf(weights, names, index);
  const numbers = (pattern: RegExp) => numbersIn(weights.keys(), pattern);
  const mixer = (name: string) => new RegExp(`^backbone\\.layers\\.\\d+\\.mamba\\.${name}$`);
  const stemConv = /^backbone\.patch_embed\.(stem|convs)\.\d+\.weight$/;
  const projection = /^backbone\.patch_embed\.projection\.weight$/;
  return {
    inChannels: decide(axis(/^backbone\.patch_embed\.stem\.0\.weight$/, 1)),
    stemWidth: decide(axis(stemConv, 0), axis(projection, 1)),
    // Upstream's Sequential of convolution, BatchNorm and ReLU, three entries each.
    stemConvs: Math.ceil(countOf(numbers(/^backbone\.patch_embed\.convs\.(\d{1,6})\./)) / 3),
    patchSize: 2 * decide(axis(projection, 2)),
    width: decide(axis(/^backbone\.layers\.\d+\.norm\.weight$/, 0), axis(/^backbone\.pos_embed$/, 2)),
    depth: countOf(numbers(/^backbone\.layers\.(\d{1,6})\./)) || 1,
    innerWidth: decide(axis(mixer('(A_log|D)'), 0)),
    stateSize: decide(axis(mixer('(A_log|direction_Bs)'), 1)),
    dtRank: decide(axis(mixer('dt_proj\\.weight'), 1)),
    convKernel: decide(axis(mixer('conv2d\\.weight'), 2)),
    depthwiseLayers: [...numbers(/^backbone\.layers\.(\d{1,6})\.dw\./)].sort((a, b) => a - b),
    cells: decide(axis(/^backbone\.pos_embed$/, -2)),
    classes: decide(axis(/^head\.fc\.(weight|bias)$/, 0)),
  };
}
