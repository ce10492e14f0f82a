/**
 * A picture's file without its EXIF data, so that a browser shows the pixels as they are stored: they all turn a picture
 * as its EXIF data says, and `imageOrientation: 'none'` of `createImageBitmap` does not keep them from it.
 */

type Bytes = Uint8Array<ArrayBuffer>;

/** The file's parts that remain; a file of another format, or a damaged one, as it is: the browser will judge. */
export function withoutExif(file: Bytes): Bytes[] {
  if (file[0] === 0xff && file[1] === 0xd8) return without(file, exifOfJpeg(file));
  if (letters(file, 1, 3) === 'PNG') return without(file, exifOfPng(file));
  if (letters(file, 0, 4) === 'RIFF' && letters(file, 8, 4) === 'WEBP') return renamedExif(file);
  return [file];
}

type Span = readonly [from: number, to: number];

function without(file: Bytes, spans: readonly Span[]): Bytes[] {
  const starts = [0, ...spans.map(([, to]) => to)];
  const ends = [...spans.map(([from]) => from), file.length];
  return starts.map((from, at) => file.subarray(from, ends[at]));
}

/** Segments APP1 whose content begins with `Exif`, before the first scan. */
function exifOfJpeg(file: Bytes): Span[] {
  const view = viewOf(file);
  const found: Span[] = [];
  for (let at = 2; at + 4 <= file.length && file[at] === 0xff && file[at + 1] !== 0xda; ) {
    // Markers may have any number of 0xff before them.
    if (file[at + 1] === 0xff) {
      at++;
      continue;
    }
    const end = at + 2 + view.getUint16(at + 2);
    if (file[at + 1] === 0xe1 && letters(file, at + 4, 4) === 'Exif') found.push([at, end]);
    at = end;
  }
  return found;
}

/** Chunks `eXIf`; length, type and checksum are 12 bytes. */
function exifOfPng(file: Bytes): Span[] {
  const view = viewOf(file);
  const found: Span[] = [];
  for (let at = 8; at + 12 <= file.length; ) {
    const end = at + 12 + view.getUint32(at);
    if (letters(file, at + 4, 4) === 'eXIf') found.push([at, end]);
    at = end;
  }
  return found;
}

/** Chunks of other names are skipped (RFC 9649, 2.7.1.6), and the file's length stays what its header says. */
function renamedExif(file: Bytes): Bytes[] {
  const copy = file.slice();
  const view = viewOf(copy);
  // Contents are padded to an even length.
  for (let at = 12; at + 8 <= copy.length; at += 8 + 2 * Math.ceil(view.getUint32(at + 4, true) / 2)) {
    if (letters(copy, at, 4) === 'EXIF') copy.set(new TextEncoder().encode('none'), at);
  }
  return [copy];
}

function viewOf({ buffer, byteOffset, byteLength }: Bytes): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function letters(file: Bytes, at: number, count: number): string {
  return String.fromCharCode(...file.subarray(at, at + count));
}
