/**
 * A Vim's hyper-parameters from the shapes of its tensors. Every tensor that shows one is asked, and the most
 * frequent answer holds: so a single wrong tensor is the one that is reported, not all the others.
 */
import type { VimSpec, Weights } from '@vssm/core';

/** What shapes alone tell; image size, stride and grid are another matter. */
export interface VimShape
  extends Pick<
    VimSpec,
    | 'inChannels'
    | 'patchSize'
    | 'width'
    | 'innerWidth'
    | 'dtRank'
    | 'stateSize'
    | 'convKernel'
    | 'depth'
    | 'classes'
  > {
  /** M: rows of pos_embed without the class token's. */
  readonly patches: number;
}

/**
 * Where no tensor shows a value, it is 1: the file then lacks parameters, and the comparison with the list of
 * parameters says which.
 */
export function inferShape(weights: Weights): VimShape {
  const axis = (pattern: RegExp, index: number): (number | undefined)[] =>
    [...weights].filter(([name]) => pattern.test(name)).map(([, { shape }]) => shape.at(index));
  const decide = (...answers: (number | undefined)[][]) => mostFrequent(answers.flat()) ?? 1;
  return {
    width: decide(axis(/^layers\.\d+\.norm\.weight$/, 0), axis(/^(cls_token|pos_embed)$/, 2)),
    depth: countLayers(weights.keys()) ?? 1,
    innerWidth: decide(axis(/^layers\.\d+\.mixer\.(A_log|A_b_log|D|D_b)$/, 0)),
    stateSize: decide(axis(/^layers\.\d+\.mixer\.(A_log|A_b_log)$/, 1)),
    dtRank: decide(axis(/^layers\.\d+\.mixer\.dt_proj(_b)?\.weight$/, 1)),
    convKernel: decide(axis(/^layers\.\d+\.mixer\.conv1d(_b)?\.weight$/, 2)),
    inChannels: decide(axis(/^patch_embed\.proj\.weight$/, 1)),
    patchSize: decide(axis(/^patch_embed\.proj\.weight$/, 2)),
    patches: Math.max(1, decide(axis(/^pos_embed$/, 1)) - 1),
    classes: decide(axis(/^head\.(weight|bias)$/, 0)),
  };
}

function mostFrequent(answers: readonly (number | undefined)[]): number | undefined {
  const counts = new Map<number, number>();
  for (const answer of answers) if (answer !== undefined) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return [...counts].reduce<[number | undefined, number]>(
    (best, [answer, count]) => (count > best[1] ? [answer, count] : best),
    [undefined, 0],
  )[0];
}

/** One more than the highest block number; undefined without blocks. */
function countLayers(names: Iterable<string>): number | undefined {
  let highest: number | undefined;
  for (const name of names) {
    const match = /^layers\.(\d{1,6})\./.exec(name);
    if (match !== null) highest = Math.max(highest ?? 0, Number(match[1]));
  }
  return highest === undefined ? undefined : highest + 1;
}
