/**
 * Keys of results. A key ends in a hash of everything that changes the result; what merely runs elsewhere or
 * later keeps its key, and a resumed run skips it. Hashes are of canonical JSON: object keys in order.
 */
import { createHash } from 'node:crypto';

/** Longest key that the results schema takes. */
const longest = 120;

/**
 * `<part>.<part>.<hash>`, fit for a file name.
 *
 * @param parts for people, who look for a file by them; two parts that read alike cannot collide in the hash
 */
export function keyOf(parts: readonly string[], content: unknown): string {
  const hash = createHash('sha256')
    .update(canonicalJson([parts, content]))
    .digest('hex')
    .slice(0, 24);
  const readable = parts
    .map(slug)
    .join('.')
    .slice(0, longest - hash.length - 1);
  return `${readable}.${hash}`;
}

function slug(part: string): string {
  const words = part.toLowerCase().match(/[a-z0-9]+/g);
  return words?.join('-') ?? 'x';
}

/** JSON with every object's keys sorted; refuses what JSON would drop or blur. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join(',')}}`;
  }
  const text = JSON.stringify(value);
  if (text === undefined || (typeof value === 'number' && !Number.isFinite(value))) {
    throw new TypeError(`key: ${String(value)} has no canonical form`);
  }
  return text;
}
