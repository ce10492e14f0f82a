/** VideoMamba as ONNX. */
import type { FamilyGraphs } from '../family.ts';
import { bidirectionalGraphs } from '../vim/graph/index.ts';
import { videoMambaTraits } from './index.ts';
import type { VideoMambaSpec } from './spec.ts';

export const videoMambaGraphs: FamilyGraphs<VideoMambaSpec> = bidirectionalGraphs(videoMambaTraits);
