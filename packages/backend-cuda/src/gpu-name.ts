/** Which NVIDIA GPU computes, in the driver's words: ONNX Runtime takes CUDA's first and does not name it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Several GPUs of different kinds are all named: CUDA's order is by speed, the driver's by slot.
 *
 * @param folder where the driver describes its GPUs, one folder each with a file `information`
 */
export function gpuName(folder = '/proc/driver/nvidia/gpus'): string {
  const models = new Set(slots(folder).map((slot) => modelOf(join(folder, slot, 'information'))));
  models.delete(undefined);
  if (models.size === 0) return 'unnamed NVIDIA GPU';
  const names = [...models].join(', ');
  return models.size === 1 ? names : `one of ${names}`;
}

function slots(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function modelOf(file: string): string | undefined {
  try {
    return /^Model:\s*(\S.*?)\s*$/m.exec(readFileSync(file, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
