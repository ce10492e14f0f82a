/** What a model's classes are called, where that is known. */
import { readSafetensors } from '@vssm/checkpoints';
import { fashionMnistClasses } from '@vssm/datasets';
import { embeddedCheckpoint, type SourcedModel } from './options/model.ts';

/** In the order of the logits: those that `vssm train` keeps in a model's file, or the embedded model's. */
export async function classNames({ checkpoint, spec }: SourcedModel): Promise<readonly string[] | undefined> {
  if (checkpoint === undefined) return undefined;
  if (checkpoint.path === embeddedCheckpoint) return fashionMnistClasses;
  if (!checkpoint.path.endsWith('.safetensors')) return undefined;
  const { metadata } = await readSafetensors(checkpoint.path, { only: [] });
  const names = parsed(metadata.classes);
  const fits = Array.isArray(names) && names.length === spec.classes && names.every(isText);
  return fits ? names : undefined;
}

/** Undefined for what is no JSON: the file may be a stranger's. */
function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
