/**
 * Rooms: what belongs to one model family, to one head of detectors and segmenters, or to one rule lies in a folder or
 * a file called after it (`segments/plainmamba/scan.ts`, `flops/vim.ts`, `rules/evit.ts`).
 */

import { reductions, signals } from '@vssm/core';
import { modelFamilies } from '@vssm/families';
import { visionModels } from '@vssm/vision-tasks';

/** Name of the member whose room it is. */
export type Room = string;

/** `reduction`: how a rule makes one score of many channels. */
export type RoomKind = 'family' | 'head' | 'rule' | 'reduction';

/** Members by kind. */
export const rooms: Readonly<Record<RoomKind, readonly Room[]>> = {
  family: modelFamilies,
  head: [...new Set(Object.values(visionModels).map(({ kind }) => kind))],
  rule: signals,
  reduction: reductions,
};

/** Names as short as `sum` are a room's in one place only. */
const places: Readonly<Partial<Record<RoomKind, string>>> = {
  rule: 'core/src/pruning/rules/',
  reduction: 'core/src/pruning/rules/reductions/',
};

/**
 * The outermost folder or file that is called after a member, of several members the one with the longest name.
 *
 * @param path with forward slashes; null for what all members share
 */
export function roomOf(path: string, kind: RoomKind): Room | null {
  const place = places[kind] ?? '';
  if (!path.startsWith(place)) return null;
  const byLength = rooms[kind].toSorted((a, b) => b.length - a.length);
  for (const part of path.slice(place.length).split('/')) {
    const name = part.replace(/\.\w+$/, '');
    const found = byLength.find((member) => name === member || name.startsWith(`${member}-`));
    if (found !== undefined) return found;
  }
  return null;
}
