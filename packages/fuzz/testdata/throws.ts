/** A reader with a bug: it trusts that the JSON it reads is an object. */
export const seeds = { seed: Buffer.from('{"length":{"value":3}}') };

export function read({ bytes }: { bytes: Buffer }): unknown {
  let value: { length: { value: number } };
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
  return value.length.value;
}
