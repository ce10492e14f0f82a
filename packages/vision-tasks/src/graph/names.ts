/** Inputs and outputs of the stages; every tensor is float32 unless said otherwise. */
export const visionNames = {
  /** Normalised pixels, [B, C, H, W] */
  pixels: 'pixels',
  /** Tokens of a tap, the whole grid in raster order, [B, cells, d], before the tap's norm */
  tap: (index: number) => `tap${index}`,
  /** Class logits of a map or of regions */
  logits: 'logits',
  /** The finest map of the spatial prior module, [B, d, H/4, W/4] */
  c1: 'c1',
  /** Tokens of strides 8, 16 and 32, [S, d] */
  pyramidTokens: 'c',
  nextPyramidTokens: 'next_c',
  /** Tokens of the backbone: [K, d] where it writes to them, the whole grid where it reads */
  tokens: 'x',
  nextTokens: 'next_x',
  /** Vim's residual stream, [K, d] */
  residual: 'residual',
  nextResidual: 'next_residual',
  /** Rows of the rope tables at the tokens' cells, [K, d] */
  cos: 'cos',
  sin: 'sin',
  /** Centre of each token's own cell as shares of width and height, [K, 2]: x, y */
  references: 'references',
  /** What deformable attention is made of, and what a kernel makes of it; see `attentionInputsStage` */
  queries: 'queries',
  values: 'values',
  attentionValue: 'value',
  places: 'places',
  sampled: 'sampled',
  /** Height and width of the taps' grid, [2] int64 */
  grid: 'grid',
  /** Height and width of the grids of strides 8, 16 and 32, [3, 2] int64 */
  pyramidGrids: 'pyramid_grids',
  /** What adaptive average pooling makes of a map's cells, [cells, bins] */
  pooling: 'pooling',
  /** Levels of the feature pyramid, [B, channels, H, W] */
  level: (index: number) => `p${index}`,
  /** What the levels' convolutions read, [cells, channels] */
  lateral: (index: number) => `lateral${index}`,
  /** Maps whose cells are rows of channels, on their way through a head */
  maps: 'maps',
  nextMaps: 'next_maps',
  /** The adapter's maps, [B, d, H, W] */
  map: (index: number) => `f${index}`,
  /** What an anchor-based head says of a level, [B, anchors · classes, H, W] and [B, anchors · 4, H, W] */
  scores: (level: number) => `scores${level}`,
  deltas: (level: number) => `deltas${level}`,
  /** Regions that are read from a level, [n, 4]: x1, y1, x2, y2 in input pixels */
  regions: (level: number) => `regions${level}`,
  /** Class of each region, level after level, [n] int64 */
  labels: 'labels',
  /** [n, classes + 1] and [n, classes · 4], the regions level after level */
  regionScores: 'region_scores',
  regionDeltas: 'region_deltas',
  /** Mask logits of each region's own class, [n, 28, 28] */
  masks: 'masks',
} as const;
