/** What a model's classes are called, where that is known. */
import { readSafetensors } from '@vssm/checkpoints';
import { counted, UserError } from '@vssm/core';
import { fashionMnistClasses, readClassNames } from '@vssm/datasets';
import { embeddedCheckpoint, type SourcedModel } from './options/model.ts';

/**
 * In the order of the logits: those of the file that was named, those that a trainer kept in the model's file, or the
 * embedded model's.
 *
 * @param file of `--classes`
 * @throws UserError for a file that names another number of classes than the model has
 */
export async function classNames(
  model: SourcedModel,
  file: string | undefined,
): Promise<readonly string[] | undefined> {
  const { classes } = model.spec;
  if (file !== undefined) {
    const names = readClassNames(file);
    if (names.length === classes) return names;
    throw new UserError(
      `--classes ${file}: ${counted(names.length, 'name')}, the model tells ${counted(classes, 'class', 'classes')} apart; ` +
        "one a line, in the order of the model's outputs",
    );
  }
  const names = await namesInFile(model);
  return names?.length === classes ? names : undefined;
}

async function namesInFile({ checkpoint, classes }: SourcedModel): Promise<readonly string[] | undefined> {
  if (checkpoint === undefined) return undefined;
  if (checkpoint.path === embeddedCheckpoint) return fashionMnistClasses;
  if (!checkpoint.path.endsWith('.safetensors')) return classes;
  const { metadata } = await readSafetensors(checkpoint.path, { only: [] });
  const names = parsed(metadata.classes);
  return Array.isArray(names) && names.every(isText) ? names : undefined;
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
