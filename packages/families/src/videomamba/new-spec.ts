/** A new VideoMamba for the training engine. */
import type { NewShape } from '../family.ts';
import { newBidirectionalShape } from '../vim/new-spec.ts';
import { type VideoMambaSpec, videoMambaSpec } from './spec.ts';

export function newVideoMambaSpec(shape: NewShape): VideoMambaSpec {
  return videoMambaSpec(newBidirectionalShape('VideoMamba', shape));
}
