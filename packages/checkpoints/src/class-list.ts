/** Lists of class names in strangers' files. */

/** More, or longer ones, are no list of classes. */
const mostClasses = 1 << 16;
const longestName = 200;

export function isListOfNames(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > mostClasses) return false;
  return value.every((name) => typeof name === 'string' && name.length <= longestName);
}

/** The names that a text lists as JSON; undefined for any other text. */
export function namesInJson(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isListOfNames(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
