export { adapterMapsStage, extractorStage, injectorStage, spatialPriorStage } from './adapter.ts';
export {
  geluStage,
  plainMambaEmbedStage,
  plainMambaEnterStage,
  plainMambaLeaveStage,
  vimEmbedStage,
  vimEnterStage,
  vimLeaveStage,
} from './backbone.ts';
export { visionNames } from './names.ts';
export { featurePyramidStage, proposalStage, retinaStage } from './pyramid.ts';
export { boxHeadStage, maskHeadStage } from './regions.ts';
export { uperHeadInputs, uperHeadStage } from './uper-head.ts';
