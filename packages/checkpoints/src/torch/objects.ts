/**
 * PyTorch's part of a pickle: which names rebuild tensors, and what they rebuild here. Nothing is called; a
 * tensor becomes a description (storage, offset, shape, strides) that is checked when it is read.
 */
import { UserError } from '@vssm/core';
import type { ElementType } from '../element-type.ts';
import { DeniedName, isDenied } from '../pickle/denied.ts';
import type { PickleHost } from '../pickle/unpickle.ts';
import { PickleDict, Placeholder } from '../pickle/values.ts';
import { quoted } from '../tensor-names.ts';

/** A storage: a run of elements that tensors are views of. Its bytes lie elsewhere in the file. */
export class StorageRef {
  readonly key: string;
  /** PyTorch's class, for messages. */
  readonly className: string;
  /** undefined where the class is one that we do not know the meaning of (quantised types, for instance). */
  readonly type: ElementType | undefined;
  readonly bytesPerElement: number;
  /** Elements of the whole storage. */
  readonly total: number;
  /** The part that tensors may reach; only old files have views other than the whole. */
  readonly start: number;
  readonly elements: number;

  constructor(
    key: string,
    className: string,
    kind: StorageKind,
    total: number,
    view: { readonly start: number; readonly elements: number },
  ) {
    this.key = key;
    this.className = className;
    this.type = kind.type;
    this.bytesPerElement = kind.bytes;
    this.total = total;
    this.start = view.start;
    this.elements = view.elements;
  }
}

/** The arguments of torch._utils._rebuild_tensor_v2 as they stand in the file: not checked yet. */
export class StoredTensor {
  readonly storage: unknown;
  readonly offset: unknown;
  readonly shape: unknown;
  readonly stride: unknown;
  /** Given where the storage is untyped. */
  readonly elementType: ElementType | undefined;
  /** What changes the meaning of the elements: `{'neg': True}` for a lazily negated view. */
  readonly metadata: unknown;

  constructor(
    args: readonly unknown[],
    { elementType, metadata }: { readonly elementType?: ElementType; readonly metadata?: unknown } = {},
  ) {
    [this.storage, this.offset, this.shape, this.stride] = args;
    this.elementType = elementType;
    this.metadata = metadata;
  }
}

interface StorageKind {
  readonly type?: ElementType;
  readonly bytes: number;
}

/** PyTorch's storage classes, without the module that they are imported from. */
const storageClasses: ReadonlyMap<string, StorageKind> = new Map<string, StorageKind>([
  ['DoubleStorage', { type: 'F64', bytes: 8 }],
  ['FloatStorage', { type: 'F32', bytes: 4 }],
  ['HalfStorage', { type: 'F16', bytes: 2 }],
  ['BFloat16Storage', { type: 'BF16', bytes: 2 }],
  ['LongStorage', { type: 'I64', bytes: 8 }],
  ['IntStorage', { type: 'I32', bytes: 4 }],
  ['ShortStorage', { type: 'I16', bytes: 2 }],
  ['CharStorage', { type: 'I8', bytes: 1 }],
  ['ByteStorage', { type: 'U8', bytes: 1 }],
  ['BoolStorage', { type: 'BOOL', bytes: 1 }],
  ['ComplexFloatStorage', { type: 'C64', bytes: 8 }],
  ['ComplexDoubleStorage', { type: 'C128', bytes: 16 }],
  ['UntypedStorage', { type: 'U8', bytes: 1 }],
  ['QUInt8Storage', { bytes: 1 }],
  ['QInt8Storage', { bytes: 1 }],
  ['QInt32Storage', { bytes: 4 }],
  ['QUInt4x2Storage', { bytes: 1 }],
  ['QUInt2x4Storage', { bytes: 1 }],
]);

const torchTypes: ReadonlyMap<string, ElementType> = new Map([
  ['torch.float64', 'F64'],
  ['torch.float32', 'F32'],
  ['torch.float16', 'F16'],
  ['torch.bfloat16', 'BF16'],
  ['torch.int64', 'I64'],
  ['torch.int32', 'I32'],
  ['torch.int16', 'I16'],
  ['torch.int8', 'I8'],
  ['torch.uint64', 'U64'],
  ['torch.uint32', 'U32'],
  ['torch.uint16', 'U16'],
  ['torch.uint8', 'U8'],
  ['torch.bool', 'BOOL'],
]);

type Rebuilder = (args: readonly unknown[]) => unknown;

/** What each known name gives when the pickle calls it; undefined: as unknown as any other name. */
const rebuilders: ReadonlyMap<string, Rebuilder> = new Map<string, Rebuilder>([
  ['torch._utils._rebuild_tensor', plainTensor],
  ['torch._utils._rebuild_tensor_v2', typedTensor],
  ['torch._utils._rebuild_tensor_v3', untypedTensor],
  ['torch._utils._rebuild_parameter', ([data]) => data],
  ['torch._utils._rebuild_parameter_with_state', ([data]) => data],
  ['torch.nn.parameter.Parameter', ([data]) => data],
  ['torch._tensor._rebuild_from_type_v2', tensorWithAttributes],
  ['torch.Size', ([axes]) => axes],
  ['collections.OrderedDict', orderedDict],
  ['builtins.getattr', attribute],
  ['__builtin__.getattr', attribute],
]);

function placeholder(module: string, name: string): Placeholder {
  if (isDenied(module, name)) throw new DeniedName(module, name);
  return new Placeholder(module, name);
}

/** Longer than any path through nested classes. */
const longestPath = 512;

/** (object, name[, default]): how methods, nested classes and members of enumerations are saved. */
function attribute([object, name]: readonly unknown[]): Placeholder | undefined {
  if (!(object instanceof Placeholder) || typeof name !== 'string') return undefined;
  if (object.name.length + name.length > longestPath) {
    throw new UserError(
      `its pickle looks up an attribute under a name of more than ${longestPath} characters`,
    );
  }
  return placeholder(object.module, `${object.name}.${name}`);
}

/** (storage, offset, shape, stride) */
function plainTensor(args: readonly unknown[]): StoredTensor {
  checkCount('torch._utils._rebuild_tensor', args, 4);
  return new StoredTensor(args);
}

/** (storage, offset, shape, stride, requires_grad, hooks[, metadata]) */
function typedTensor(args: readonly unknown[]): StoredTensor {
  checkCount('torch._utils._rebuild_tensor_v2', args, 7);
  return new StoredTensor(args, { metadata: args[6] });
}

/** (storage, offset, shape, stride, requires_grad, hooks, dtype[, metadata]) */
function untypedTensor(args: readonly unknown[]): unknown {
  checkCount('torch._utils._rebuild_tensor_v3', args, 8);
  const dtype = args[6];
  const elementType = dtype instanceof Placeholder ? torchTypes.get(dtype.global) : undefined;
  return elementType === undefined ? dtype : new StoredTensor(args, { elementType, metadata: args[7] });
}

/** An argument that a later PyTorch adds may change what the tensor is. */
function checkCount(rebuilder: string, args: readonly unknown[], most: number): void {
  if (args.length > most) {
    throw new UserError(
      `calls ${rebuilder} with ${args.length} arguments; what comes after the first ${most} is unknown here`,
    );
  }
}

/** (rebuilder, class, its arguments, state): a tensor with Python attributes, which are left out. */
function tensorWithAttributes([rebuilder, type, args]: readonly unknown[]): unknown {
  const plain =
    type instanceof Placeholder &&
    (type.global === 'torch.Tensor' || type.global === 'torch.nn.parameter.Parameter');
  if (!plain) return type;
  return rebuilder instanceof Placeholder && Array.isArray(args) ? callByName(rebuilder, args) : undefined;
}

/** Empty, or from an argument of pairs (Python 2). */
function orderedDict([pairs]: readonly unknown[]): unknown {
  const dict = new PickleDict();
  if (pairs === undefined) return dict;
  if (!Array.isArray(pairs)) return undefined;
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    dict.entries.set(pair[0], pair[1]);
  }
  return dict;
}

function callByName(callable: Placeholder, args: readonly unknown[]): unknown {
  return rebuilders.get(callable.global)?.(args) ?? callable;
}

/** Answers a PyTorch pickle's questions and remembers the storages that it names. */
export class TorchHost implements PickleHost {
  /** By key, the first mention of each storage. */
  readonly storages = new Map<string, StorageRef>();

  global(module: string, name: string): unknown {
    return placeholder(module, name);
  }

  call(callable: Placeholder, args: readonly unknown[]): unknown {
    return callByName(callable, args);
  }

  /** ('storage', class, key, location, elements[, view]) or, in old files, ('module', class, file, source). */
  persistent(id: unknown): unknown {
    const [kind, storageClass, key, , total, view, ...unknown] = Array.isArray(id) ? id : [];
    if (kind === 'module' && storageClass instanceof Placeholder) return storageClass;
    if (
      kind !== 'storage' ||
      !(storageClass instanceof Placeholder) ||
      typeof key !== 'string' ||
      !isCount(total) ||
      unknown.length > 0
    ) {
      throw new UserError('its pickle has a malformed persistent id; the file is corrupt');
    }
    const className = storageClass.global.slice(storageClass.global.lastIndexOf('.') + 1);
    const storageKind = storageClasses.get(className);
    if (storageKind === undefined) {
      throw new UserError(
        `its storage ${quoted(key)} is of the unknown class ${quoted(storageClass.global)}`,
      );
    }
    const storage = new StorageRef(key, className, storageKind, total, readView(key, view, total));
    if (!this.storages.has(key)) this.storages.set(key, storage);
    return storage;
  }
}

/** None, or (key of the view, first element, elements). */
function readView(
  key: string,
  view: unknown,
  total: number,
): { readonly start: number; readonly elements: number } {
  if (view === undefined || view === null) return { start: 0, elements: total };
  const [, start, elements] = Array.isArray(view) ? view : [];
  if (!isCount(start) || !isCount(elements) || start + elements > total) {
    throw new UserError(`its storage ${quoted(key)} has a view that lies outside it`);
  }
  return { start, elements };
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
