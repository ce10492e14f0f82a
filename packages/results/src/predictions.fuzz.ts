/** Fuzz target: predictions files. */
import { readPredictions } from './predictions.ts';

export const seeds = {
  predictions: Buffer.from(
    'index,label,top5,id,error\n0,3,3 1 2 0 4,,\n1,9,9,,\n2,0,,"a ""b"".jpg","cannot be decoded, sorry"\n3,1,1 0,,\n',
  ),
};

export const words = ['\n', ',', '"', '""', ' ', '\r\n', '4294967296'];

export function read({ path }: { path: string }): void {
  readPredictions(path);
}
