/** Where this package's test data lies. */
import { join } from 'node:path';

export const testdata = (name: string): string => join(import.meta.dirname, '../../testdata', name);
