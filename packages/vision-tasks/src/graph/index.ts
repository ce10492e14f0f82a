export { adapterMapsStage, extractorStage, injectorStage, spatialPriorStage } from './adapter.ts';
export { extractorNames, injectorName } from './adapter-names.ts';
export { attentionInputsStage, extractorEndStage, injectorEndStage } from './around-attention.ts';
export {
  geluStage,
  plainMambaEmbedStage,
  plainMambaEnterStage,
  plainMambaLeaveStage,
  vimEmbedStage,
  vimEnterStage,
  vimLeaveStage,
} from './backbone.ts';
export {
  boxConvs,
  type MapConv,
  mapConvsStage,
  maskConvs,
  proposalConv,
  pyramidConv,
  retinaConvs,
} from './map-convs.ts';
export { visionNames } from './names.ts';
export { featurePyramidStage, proposalStage, retinaStage } from './pyramid.ts';
export { boxHeadStage, maskHeadStage } from './regions.ts';
export {
  anchorRowsStage,
  boxOutputsStage,
  channelsFirstStage,
  coarserLevelsStage,
  lateralsStage,
  maskOutputsStage,
  proposalOutputsStage,
  pyramidRowsStage,
} from './row-heads.ts';
export { uperHeadInputs, uperHeadStage } from './uper-head.ts';
