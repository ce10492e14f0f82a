/**
 * The skeleton of a JPEG file, walked from marker to marker as libjpeg does after the last row, which is where Pillow
 * finds damage that no row shows: one changed byte after 0xff in the picture's data makes a marker of it, the rest of
 * the rows is filled with grey, and most decoders say nothing (python-pillow/Pillow#3185).
 *
 * Refused is what libjpeg's `read_markers` refuses once a scan has begun (jdmarker.c). What it takes is taken, as
 * Pillow does: a restart marker in the wrong place, or an end that comes early.
 */

const soi = 0xd8;
const eoi = 0xd9;
const sos = 0xda;
const dqt = 0xdb;
const dri = 0xdd;
const dht = 0xc4;

/** Without a segment after them: TEM, RST0 … RST7. */
const standsAlone = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
/** Skipped by their length: DNL, APP0 … APP15, COM. */
const isSkipped = (marker: number) =>
  marker === 0xdc || (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe;
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== dht && marker !== 0xc8 && marker !== 0xcc;
const isProgressive = (marker: number) => marker === 0xc2 || marker === 0xca;

/** `early`: the file stops before its end marker, which decoders may or may not need. */
export interface JpegDamage {
  readonly kind: 'stray' | 'early';
  /** In words. */
  readonly what: string;
}

const early: JpegDamage = { kind: 'early', what: 'it ends early' };

/** Says what is wrong with the skeleton, or undefined where libjpeg takes it. */
export function jpegDamage(bytes: Uint8Array): JpegDamage | undefined {
  let scans = 0;
  let moreScansMayFollow = true;
  let components = 0;
  let progressive = false;
  let at = 2;
  for (;;) {
    at = nextMarker(bytes, at);
    if (at >= bytes.length) return early;
    const marker = bytes[at++];
    if (marker === eoi) return undefined;
    if (standsAlone(marker)) continue;
    const stray: JpegDamage = {
      kind: 'stray',
      what: `marker 0x${marker.toString(16).padStart(2, '0')} in the picture's data at byte ${at - 1}`,
    };
    const known = isSkipped(marker) || [sos, dqt, dri, dht].includes(marker);
    if (scans > 0 && !known) return stray;
    if (marker === soi) continue;
    if (at + 2 > bytes.length) return early;
    const length = bytes[at] * 256 + bytes[at + 1];
    if (length < 2) return stray;
    const segment = bytes.subarray(at + 2, at + length);
    // Tables are read, and found wrong, before the file turns out to be too short for them.
    if (segment.length < length - 2) return scans === 0 || isSkipped(marker) ? early : stray;
    if (isFrame(marker)) {
      components = segment[5] ?? 0;
      progressive = isProgressive(marker);
    } else if (marker === sos) {
      if (scans > 0 && (!moreScansMayFollow || !isScanHeader(segment))) return stray;
      moreScansMayFollow = progressive || segment[0] < components;
      scans++;
    } else if (scans > 0 && !isSound(marker, segment)) {
      return stray;
    }
    at += length;
  }
}

/** The place of the next marker's code: what is no marker (data, stuffed zeros, fill bytes) is passed over. */
function nextMarker(bytes: Uint8Array, from: number): number {
  for (let at = from; ; at++) {
    at = bytes.indexOf(0xff, at);
    if (at < 0) return bytes.length;
    while (bytes[at] === 0xff) at++;
    if (bytes[at] !== 0) return at;
  }
}

/** Count of components, two bytes for each, and three more. */
function isScanHeader(segment: Uint8Array): boolean {
  const count = segment[0];
  return count >= 1 && count <= 4 && segment.length === 2 * count + 4;
}

function isSound(marker: number, segment: Uint8Array): boolean {
  if (marker === dri) return segment.length === 2;
  if (marker === dqt) return areQuantisationTables(segment);
  if (marker === dht) return areHuffmanTables(segment);
  return true;
}

/** 64 values of 8 or 16 bits each, for tables 0 … 3. */
function areQuantisationTables(segment: Uint8Array): boolean {
  let at = 0;
  while (at < segment.length) {
    const precision = segment[at] >> 4;
    const table = segment[at] & 15;
    if (table > 3) return false;
    at += 1 + (precision === 0 ? 64 : 128);
  }
  return at === segment.length;
}

/** 16 counts and as many symbols as they sum up to, for tables 0 … 3 of either kind. */
function areHuffmanTables(segment: Uint8Array): boolean {
  let at = 0;
  while (at + 17 <= segment.length) {
    const table = segment[at] & 0xef;
    const symbols = segment.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 0);
    if (table > 3 || symbols > 256) return false;
    at += 17 + symbols;
  }
  return at === segment.length;
}
