/** Writing .safetensors: all or nothing. */
import { type DType, type NamedTensors, sizeOf, type Tensor, UserError } from '@vssm/core';
import { writeWhole } from '@vssm/core/files';
import { naming } from '../byte-source.ts';
import { elementBytes } from '../element-type.ts';
import { checkName, quoted } from '../tensor-names.ts';

const arrayOf = {
  F64: Float64Array,
  F32: Float32Array,
  I64: BigInt64Array,
  I32: Int32Array,
  U8: Uint8Array,
} as const satisfies Record<DType, unknown>;

/**
 * Writes `tensors` to `path`, replacing a file that is there. The bytes go to a temporary file beside it, which
 * takes its place only when everything is on disk; on any error (a full disk) nothing is left behind and the
 * old file is as it was. Wide types come first, so that every tensor lies at a multiple of its element size.
 *
 * @throws UserError for a file-system error, a refused name, or data that do not match their shape or type
 */
export async function writeSafetensors(
  path: string,
  tensors: NamedTensors,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const ordered = [...tensors].sort(([, a], [, b]) => elementBytes[b.dtype] - elementBytes[a.dtype]);
  const header = await naming('safetensors', path, async () => encodeHeader(ordered, metadata));
  writeWhole(path, (write) => {
    write(header);
    for (const [, { data }] of ordered) write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  });
}

/** Length and JSON; the JSON ends in spaces, so that the data begin at a multiple of eight bytes. */
function encodeHeader(
  tensors: readonly (readonly [string, Tensor])[],
  metadata: Readonly<Record<string, string>>,
): Buffer {
  const fields: string[] = [];
  if (Object.keys(metadata).length > 0) fields.push(`"__metadata__":${JSON.stringify(metadata)}`);
  let begin = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    checkName(name);
    if (name === '__metadata__') throw new UserError(`a tensor cannot be called ${quoted(name)}`);
    if (!(data instanceof arrayOf[dtype]) || data.length !== sizeOf(shape)) {
      throw new UserError(
        `tensor ${quoted(name)} is [${shape.join(', ')}] of ${dtype}, but its data are ${data.length} elements in a ${data.constructor.name}`,
      );
    }
    const end = begin + data.byteLength;
    fields.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
    begin = end;
  }
  const json = Buffer.from(`{${fields.join(',')}}`, 'utf8');
  const header = Buffer.alloc(8 + Math.ceil(json.byteLength / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.byteLength - 8));
  json.copy(header, 8);
  return header;
}
