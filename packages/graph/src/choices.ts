/** What a user chooses, and meets, of the form of a file; without the ONNX schema, which help has no need of. */

/** What the selective scan is made of: standard operators, or one of ONNX Runtime's own. */
export const scanForms = ['scan', 'linear-attention'] as const;
export type ScanForm = (typeof scanForms)[number];

/** Most bytes of weights inside a model: protobufjs doubles its buffer by a shift, which turns negative at 2^30. */
export const mostBytesInside = 1e9;
