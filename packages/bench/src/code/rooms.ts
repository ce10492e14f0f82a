/**
 * Rooms: what belongs to one model family, or to one head of detectors and segmenters, lies in a folder or a file
 * called after it (`segments/plainmamba/scan.ts`, `flops/vim.ts`).
 */

import { modelFamilies } from '@vssm/families';
import { visionModels } from '@vssm/vision-tasks';

/** Name of the member whose room it is. */
export type Room = string;

export type RoomKind = 'family' | 'head';

/** Members by kind. */
export const rooms: Readonly<Record<RoomKind, readonly Room[]>> = {
  family: modelFamilies,
  head: [...new Set(Object.values(visionModels).map(({ kind }) => kind))],
};

/** @param path with forward slashes; null for what all members share */
export function roomOf(path: string, kind: RoomKind): Room | null {
  const names = path.split('/').map((part) => part.replace(/\.\w+$/, ''));
  return (
    rooms[kind].find((member) => names.some((name) => name === member || name.startsWith(`${member}-`))) ??
    null
  );
}
