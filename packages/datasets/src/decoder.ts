/** Whose reading of a file is followed: a model should see what it was trained on. */
export type Decoder = 'pillow' | 'opencv';
