/** PlainMamba's files: those of mmcv, with the model under `backbone` and `head`. */
import { isBatchCounter } from '../../checkpoint/counter.ts';
import type { FamilyCheckpoint } from '../../family.ts';
import type { PlainMambaSpec } from '../spec.ts';
import { inferPlainMamba, isPlainMamba } from './infer.ts';

export const plainMambaCheckpoint: FamilyCheckpoint<PlainMambaSpec> = {
  recognises: (tensors) => (isPlainMamba(tensors.keys()) ? 'only' : 'no'),
  fileNames: null,
  infer: inferPlainMamba,
  unused: (name) => (isBatchCounter(name) ? 'a counter of batches' : undefined),
};
