/** The code that detections and label maps are made with; the CPU backend alone computes them. */
import type { DenseSpec } from '@vssm/vision-tasks';
import { codeOf } from '../code/made-with.ts';

export function denseCode({ kind, backbone }: DenseSpec): string {
  const work = kind === 'upernet' ? 'segmentation' : 'detection';
  return codeOf({ work, backend: 'cpu', members: { family: backbone.spec.family, head: kind } });
}
