/** What a model's classes are called, where that is known. */
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
export function classNames(model: SourcedModel, file: string | undefined): readonly string[] | undefined {
  const { classes } = model.spec;
  if (file !== undefined) {
    const names = readClassNames(file);
    if (names.length === classes) return names;
    throw new UserError(
      `--classes ${file}: ${counted(names.length, 'name')}, the model tells ${counted(classes, 'class', 'classes')} apart; ` +
        "one a line, in the order of the model's outputs",
    );
  }
  const names = namesInFile(model);
  return names?.length === classes ? names : undefined;
}

function namesInFile({ checkpoint, classes }: SourcedModel): readonly string[] | undefined {
  return checkpoint?.path === embeddedCheckpoint ? fashionMnistClasses : classes;
}
