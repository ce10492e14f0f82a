/** Fields of specs in results. */
import { z } from 'zod';

/** 1, 2, 3, … */
export const whole = z.number().int().min(1);
/** 0, 1, 2, … */
export const wholeOrZero = z.number().int().min(0);
