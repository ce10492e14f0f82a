/** Reading .safetensors: all tensors in their own types, or a model's weights as float32. */
import { type DType, float32, type NamedTensors, type Tensor, type TensorData, UserError } from '@vssm/core';
import { type ByteSource, slice, withFile } from '../byte-source.ts';
import { namesInJson } from '../class-list.ts';
import { elementBytes, isFloatType, isIntegerType, readFloats } from '../element-type.ts';
import { modelNames } from '../model-names.ts';
import type { ModelWeights } from '../model-weights.ts';
import { listed, quoted } from '../tensor-names.ts';
import { readHeader, type SafetensorsEntry } from './header.ts';

export interface Safetensors {
  readonly tensors: NamedTensors;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads the tensors of a .safetensors file. F64, F32, I64, I32 and U8 keep their type, F16 and BF16 become F32,
 * BOOL becomes U8 (0 or 1); a tensor of another type is a UserError.
 *
 * @param options.only names to read, all of which must be there; default: all
 */
export async function readSafetensors(
  path: string,
  options: { readonly only?: readonly string[] } = {},
): Promise<Safetensors> {
  return withFile('safetensors', path, async (file) => {
    const { entries, metadata } = await readHeader(file);
    const names = options.only ?? [...entries.keys()];
    const tensors = new Map<string, Tensor>();
    for (const name of names) {
      const entry = entries.get(name);
      if (entry === undefined)
        throw new UserError(`has no tensor ${quoted(name)}, only ${listed(entries.keys())}`);
      tensors.set(name, await readTensor(file, name, entry));
    }
    return { tensors, metadata };
  });
}

/**
 * The model's weights in a .safetensors file, as float32.
 *
 * @param key which names, see model-names.ts
 */
export async function readSafetensorsWeights(file: ByteSource, key?: string): Promise<ModelWeights> {
  const { entries, metadata } = await readHeader(file);
  const model = modelNames(entries, key);
  if (model === undefined) {
    throw new UserError(`has no tensors under ${quoted(`${key}.`)}, only ${listed(entries.keys())}`);
  }
  const tensors = new Map<string, Tensor<Float32Array>>();
  const integers = new Map<string, string>();
  for (const [name, entry] of model.kept) {
    const { type, shape } = entry;
    if (isFloatType(type)) {
      const values = await readFloats(bytesOf(file, entry), type, 0, entry.bytes / elementBytes[type]);
      tensors.set(name, float32(shape, values));
    } else if (isIntegerType(type)) integers.set(name, type);
    else {
      throw new UserError(
        `tensor ${quoted(name)} is stored as ${type}; only F64, F32, F16 and BF16 can be weights`,
      );
    }
  }
  if (tensors.size === 0) throw new UserError('holds no floating-point tensors');
  const { family } = metadata;
  const classes = namesInJson(metadata.classes);
  return {
    ...{ tensors, integers, ignored: model.ignored },
    ...(family !== undefined && { family }),
    ...(classes !== undefined && { classes }),
  };
}

function bytesOf(file: ByteSource, { start, bytes }: SafetensorsEntry): ByteSource {
  return slice(file, start, bytes);
}

async function readTensor(file: ByteSource, name: string, entry: SafetensorsEntry): Promise<Tensor> {
  const source = bytesOf(file, entry);
  const { type, shape } = entry;
  const size = entry.bytes / elementBytes[type];
  const load = async <D extends TensorData>(dtype: DType, data: D): Promise<Tensor<D>> => {
    await source.read(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 0);
    return { dtype, shape, data };
  };
  switch (type) {
    case 'F32':
    case 'F16':
    case 'BF16':
      return float32(shape, await readFloats(source, type, 0, size));
    case 'F64':
      return load('F64', new Float64Array(size));
    case 'I64':
      return load('I64', new BigInt64Array(size));
    case 'I32':
      return load('I32', new Int32Array(size));
    case 'U8':
    case 'BOOL':
      return load('U8', new Uint8Array(size));
    default:
      throw new UserError(
        `tensor ${quoted(name)} is stored as ${type}; F64, F32, F16, BF16, I64, I32, U8 and BOOL can be read`,
      );
  }
}
