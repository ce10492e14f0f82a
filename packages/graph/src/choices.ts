/** What a user chooses, and meets, of the form of a file; without the ONNX schema, which help has no need of. */

/** What the selective scan is made of: standard operators, or one of ONNX Runtime's own. */
export const scanForms = ['scan', 'linear-attention'] as const;
export type ScanForm = (typeof scanForms)[number];

/** Of the products into and out of the mixers, which are most of a model's; everything else is float32 always. */
export const precisions = ['f32', 'f16'] as const;
export type Precision = (typeof precisions)[number];

/** Most bytes of weights inside a model: protobufjs doubles its buffer by a shift, which turns negative at 2^30. */
export const mostBytesInside = 1e9;
