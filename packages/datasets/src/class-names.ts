/**
 * Names of classes from a text file, one a line, in the order of a model's outputs. ImageNet's own lists
 * (`LOC_synset_mapping.txt`, `synset_words.txt`) begin each line with a WordNet id, which is no part of the name.
 */
import { UserError } from '@vssm/core';
import { lines, readText } from './imagenet/labelling.ts';

const wordNetId = /^n\d{8}\s+(?=\S)/;

/** Longer ones are no names. */
const longestName = 200;

/** @throws UserError naming the file: without names, or with a line that is none */
export function readClassNames(path: string): readonly string[] {
  return classNames(readText(path), path);
}

/**
 * The same of a text that has been read.
 *
 * @param path of its file, for messages
 */
export function classNames(text: string, path: string): readonly string[] {
  const found = lines(text.replace(/^\uFEFF/, ''));
  if (found.length === 0) throw new UserError(`${path}: holds no names; write one a line`);
  const long = found.findIndex((name) => name.length > longestName);
  if (long >= 0) {
    throw new UserError(
      `${path}: its name ${long + 1} has ${found[long].length} characters; is it a list of names, one a line?`,
    );
  }
  const ids = found.every((name) => wordNetId.test(name));
  return ids ? found.map((name) => name.replace(wordNetId, '')) : found;
}
