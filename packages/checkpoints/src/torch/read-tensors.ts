/**
 * Stored tensors to row-major float32. A tensor is a strided view of a storage: element (i, j, …) lies at
 * offset + i·stride₀ + j·stride₁ + …, counted in elements. Storages are read once, and only the part that is
 * asked for; contiguous tensors stay views of what was read, so that memory stays near the file's size.
 */
import { crc32 } from 'node:zlib';
import { float32, type Tensor, UserError } from '@vssm/core';
import {
  allocateFloats,
  elementBytes,
  type FloatType,
  isFloatType,
  isIntegerType,
  readFloats,
} from '../element-type.ts';
import type { ModelWeights } from '../model-weights.ts';
import { PickleDict } from '../pickle/values.ts';
import { quoted } from '../tensor-names.ts';
import type { TorchArchive } from './archive.ts';
import { isCount, StorageRef, type StoredTensor } from './objects.ts';

/** A checked view: every element that it reaches lies inside its storage. */
interface View {
  readonly name: string;
  readonly storage: StorageRef;
  readonly type: FloatType;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  /** First element and one past the last that the view reaches, within the whole storage. */
  readonly start: number;
  readonly end: number;
  readonly size: number;
  readonly contiguous: boolean;
  /** The weights are the stored elements with the other sign. */
  readonly negated: boolean;
}

const maxAxes = 16;

export async function readTensors(
  archive: TorchArchive,
  stored: ReadonlyMap<string, StoredTensor>,
): Promise<Pick<ModelWeights, 'tensors' | 'integers'>> {
  const integers = new Map<string, string>();
  const groups = new Map<string, View[]>();
  for (const [name, tensor] of stored) {
    const view = checkTensor(name, tensor);
    if (typeof view === 'string') {
      integers.set(name, view);
      continue;
    }
    const group = `${view.type} ${view.storage.key}`;
    const views = groups.get(group);
    if (views === undefined) groups.set(group, [view]);
    else views.push(view);
  }
  checkMemory(groups.values(), archive.contentBytes);

  const found = new Map<string, Tensor<Float32Array>>();
  for (const views of groups.values()) {
    const { start, end } = reach(views);
    const values = await readRange(archive, views[0], start, end);
    for (const view of views) {
      const own = values.subarray(view.start - start, view.end - start);
      found.set(view.name, float32(view.shape, needsCopy(view) ? copy(view, own) : own));
    }
  }
  const tensors = new Map<string, Tensor<Float32Array>>();
  for (const name of stored.keys()) {
    const tensor = found.get(name);
    if (tensor !== undefined) tensors.set(name, tensor);
  }
  return { tensors, integers };
}

/** The view that a tensor describes, or, for integers, the name of its element type. */
function checkTensor(name: string, tensor: StoredTensor): View | string {
  const { storage, offset, shape, stride } = tensor;
  const damaged = (what: string) => new UserError(`tensor ${quoted(name)} ${what}; the file is corrupt`);
  if (!(storage instanceof StorageRef)) throw damaged('has no storage');
  if (!isAxes(shape) || !isAxes(stride) || shape.length !== stride.length || !isCount(offset)) {
    throw damaged('has a malformed shape, stride or offset');
  }
  const type = tensor.elementType ?? storage.type;
  if (type !== undefined && isIntegerType(type)) return type;
  if (type === undefined || !isFloatType(type)) {
    throw new UserError(
      `tensor ${quoted(name)} is stored as ${type ?? storage.className}; only F64, F32, F16 and BF16 can be weights`,
    );
  }

  const capacity = Math.floor((storage.elements * storage.bytesPerElement) / elementBytes[type]);
  const size = shape.reduce((product, axis) => product * axis, 1);
  let reached = offset;
  shape.forEach((axis, i) => {
    reached += (axis - 1) * stride[i];
  });
  if (size > 0 && !(reached < capacity)) {
    throw damaged(`[${shape.join(', ')}] reaches beyond its storage of ${capacity} elements`);
  }
  const start = size === 0 ? 0 : storage.start + offset;
  const end = size === 0 ? 0 : storage.start + reached + 1;
  return {
    ...{ name, storage, type, shape, stride, start, end, size },
    contiguous: isContiguous(shape, stride),
    negated: isNegated(name, tensor.metadata),
  };
}

/**
 * What PyTorch keeps beside a tensor changes its values: `neg` is the sign that `x.imag` and torch.fft leave to be
 * applied, `conj` is for complex numbers only, and other keys belong to devices.
 */
function isNegated(name: string, metadata: unknown): boolean {
  if (metadata === undefined || metadata === null) return false;
  if (!(metadata instanceof PickleDict)) {
    throw new UserError(`tensor ${quoted(name)} has metadata that are no dictionary; the file is corrupt`);
  }
  for (const [key, value] of metadata.entries) {
    if (typeof value === 'boolean' && (key === 'neg' || (key === 'conj' && !value))) continue;
    const what = typeof key === 'string' ? quoted(key) : '(not text)';
    throw new UserError(
      `tensor ${quoted(name)} has the metadata ${what}, whose meaning is unknown here; save it as tensor.resolve_conj().resolve_neg().cpu().clone()`,
    );
  }
  return metadata.entries.get('neg') === true;
}

function isAxes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length <= maxAxes && value.every(isCount);
}

function isContiguous(shape: readonly number[], stride: readonly number[]): boolean {
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] === 0) return true;
    if (shape[i] !== 1 && stride[i] !== expected) return false;
    expected *= shape[i];
  }
  return true;
}

function reach(views: readonly View[]): { start: number; end: number } {
  const filled = views.filter((view) => view.size > 0);
  if (filled.length === 0) return { start: 0, end: 0 };
  return {
    start: filled.reduce((least, view) => Math.min(least, view.start), Number.POSITIVE_INFINITY),
    end: filled.reduce((most, view) => Math.max(most, view.end), 0),
  };
}

/**
 * A few bytes of pickle can describe any number of overlapping or repeating views. Widening F16 doubles what
 * is in the file, and a transposed tensor is there twice for a moment; nothing honest needs more.
 */
function checkMemory(groups: Iterable<readonly View[]>, contentBytes: number): void {
  let bytes = 0;
  for (const views of groups) {
    const { start, end } = reach(views);
    bytes += 4 * (end - start);
    for (const view of views) if (needsCopy(view)) bytes += 4 * view.size;
  }
  const limit = 4 * contentBytes + (1 << 20);
  if (!(bytes <= limit)) {
    throw new UserError(
      `its tensors would take ${bytes} bytes, which its ${contentBytes} bytes of content cannot be`,
    );
  }
}

async function readRange(
  archive: TorchArchive,
  { name, storage, type }: View,
  start: number,
  end: number,
): Promise<Float32Array> {
  if (end === start) return allocateFloats(0);
  const { source, crc32: expected } = await archive.storage(storage);
  const whole = start === 0 && end * elementBytes[type] === source.size;
  if (!whole || expected === undefined) return readFloats(source, type, start, end - start);
  let actual = 0;
  const values = await readFloats(source, type, start, end - start, (bytes) => {
    actual = crc32(bytes, actual);
  });
  if (actual !== expected) {
    throw new UserError(
      `the data of tensor ${quoted(name)} do not match their checksum; the file is corrupt`,
    );
  }
  return values;
}

function needsCopy({ contiguous, negated }: View): boolean {
  return !contiguous || negated;
}

/** The view's own values; `stored` begins at its first element, and others may look at the same. */
function copy(view: View, stored: Float32Array): Float32Array {
  const values = view.contiguous ? allocateFloats(view.size) : gather(view, stored);
  if (view.contiguous) values.set(stored);
  if (view.negated) for (let i = 0; i < values.length; i++) values[i] = -values[i];
  return values;
}

/** Row-major copy of a strided view; `values` begins at the view's first element. */
function gather({ shape, stride, size }: View, values: Float32Array): Float32Array {
  const result = allocateFloats(size);
  const rank = shape.length;
  const inner = shape[rank - 1];
  const innerStride = stride[rank - 1];
  const index = new Array<number>(rank).fill(0);
  let from = 0;
  for (let to = 0; to < size; to += inner) {
    for (let i = 0; i < inner; i++) result[to + i] = values[from + i * innerStride];
    for (let axis = rank - 2; axis >= 0; axis--) {
      from += stride[axis];
      if (++index[axis] < shape[axis]) break;
      from -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}
