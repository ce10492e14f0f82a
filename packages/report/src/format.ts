/** How numbers are written, everywhere in the report alike. */

const grouped = new Intl.NumberFormat('en-US');

/** 10000 → 10,000 */
export function whole(value: number): string {
  return grouped.format(value);
}

/** Percent or points without their unit; a true minus sign. */
export function points(value: number, decimals = 1): string {
  return signless(value.toFixed(decimals));
}

/** With its sign: +1.2, −0.3, 0.0 */
export function signed(value: number, decimals = 1): string {
  const text = points(value, decimals);
  return Number(value.toFixed(decimals)) > 0 ? `+${text}` : text;
}

function signless(text: string): string {
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '\u2212');
}

/** 63.0–65.9 */
export function interval([low, high]: readonly [number, number], decimals = 1): string {
  return `${points(low, decimals)}\u2013${points(high, decimals)}`;
}

/** GFLOPs in the unit that suits their size: 1.45 G, 9.8 M. */
export function flops(gflops: number): string {
  return gflops >= 0.1 ? `${gflops.toFixed(2)} G` : `${(gflops * 1000).toPrecision(3)} M`;
}

/** Milliseconds, three significant digits at least: 0.84, 12.3, 840 */
export function ms(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** 1.42× */
export function times(value: number): string {
  return `${value.toFixed(2)}\u00d7`;
}

/** Time spent: 42 s, 3 min 20 s, 1 h 5 min */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** 15.6 GiB */
export function memory(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/** 0.83 GB */
export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** 2 January 2026, 03:04 UTC */
export function instant(iso: string): string {
  const date = new Date(iso);
  const time = date.toISOString().slice(11, 16);
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}, ${time} UTC`;
}

/** The first 12 digits of a checksum. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}

/** a, b and c */
export function listed(items: readonly string[]): string {
  if (items.length <= 1) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** token importance → Token importance */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
