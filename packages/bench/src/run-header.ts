/** The record that opens a run: when, where, how, and by which code. */
import { type Results, schemaVersion } from '@vssm/results';
import { captureEnvironment, gitState, projectVersion } from './environment.ts';
import { sampleSeed } from './images.ts';
import { keyOf } from './keys.ts';
import { randomWeightsSeed } from './resources.ts';

/**
 * One header per environment and command; a run that is resumed finds its own.
 *
 * @param accelerator name of the GPU that models run on; null where it is the processor
 */
export function writeRunHeader(
  results: Results,
  command: readonly string[],
  code: string,
  accelerator: string | null,
): void {
  const header = {
    projectVersion: projectVersion(),
    git: gitState(),
    code,
    environment: captureEnvironment(accelerator),
    command: [...command],
    seeds: { sample: sampleSeed, randomWeights: randomWeightsSeed },
  };
  const key = keyOf(['run'], header);
  if (results.has(key)) return;
  results.append({ schema: schemaVersion, kind: 'run', key, createdAt: new Date().toISOString(), ...header });
}
