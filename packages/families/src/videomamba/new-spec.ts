/** A new VideoMamba for the training engine. */
import type { NewShape } from '../family.ts';
import { withClassToken } from '../vim/new-spec.ts';
import { type VideoMambaSpec, videoMambaSpec } from './spec.ts';

export function newVideoMambaSpec(shape: NewShape): VideoMambaSpec {
  return videoMambaSpec(withClassToken('a VideoMamba', shape));
}
