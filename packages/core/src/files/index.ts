/** Writing files so that nothing is lost and nothing is there by half; for Node, not for pages. */
export { AppendFile } from './append-file.ts';
export { checkWritable, writeWhole, writeWholeFolder } from './whole-file.ts';
export { writeError } from './write-error.ts';
