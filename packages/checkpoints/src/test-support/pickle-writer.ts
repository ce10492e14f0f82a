/** Writes pickles opcode by opcode, as torch.save and those who attack it do. */

const ascii = (text: string) => Buffer.from(text, 'latin1');
const join = (parts: readonly Uint8Array[]) => Buffer.concat(parts);

export const none = ascii('N');
export const yes = ascii('\x88');
export const no = ascii('\x89');

export function int(value: number): Buffer {
  const bytes = Buffer.alloc(5, 'J');
  bytes.writeInt32LE(value, 1);
  return bytes;
}

export function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  const head = Buffer.alloc(5, 'X');
  head.writeUInt32LE(bytes.length, 1);
  return join([head, bytes]);
}

export const tuple = (...items: readonly Uint8Array[]): Buffer => join([ascii('('), ...items, ascii('t')]);
export const list = (...items: readonly Uint8Array[]): Buffer => join([ascii(']('), ...items, ascii('e')]);

export const dict = (entries: Readonly<Record<string, Uint8Array>>): Buffer =>
  join([ascii('}('), ...Object.entries(entries).flatMap(([key, value]) => [text(key), value]), ascii('u')]);

export const global = (module: string, name: string): Buffer => ascii(`c${module}\n${name}\n`);
export const call = (callable: Uint8Array, ...args: readonly Uint8Array[]): Buffer =>
  join([callable, tuple(...args), ascii('R')]);

/** A whole pickle of protocol 2. */
export const pickle = (value: Uint8Array): Buffer => join([ascii('\x80\x02'), value, ascii('.')]);

export interface TensorOptions {
  readonly key?: string;
  readonly storage?: string;
  readonly elements: number;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  /** First element and number of elements of a view of the storage, as old files have them. */
  readonly view?: readonly [number, number];
  /** A seventh argument: PyTorch's metadata of the tensor. */
  readonly metadata?: Uint8Array;
}

/** torch._utils._rebuild_tensor_v2 on a storage. */
export function tensor(options: TensorOptions): Buffer {
  const {
    key = '0',
    storage = 'FloatStorage',
    elements,
    offset = 0,
    shape,
    stride,
    view,
    metadata,
  } = options;
  const id = tuple(
    ...[text('storage'), global('torch', storage), text(key), text('cpu'), int(elements)],
    ...(view === undefined ? [] : [tuple(text('view'), ...view.map(int))]),
  );
  return call(
    global('torch._utils', '_rebuild_tensor_v2'),
    join([id, ascii('Q')]),
    int(offset),
    tuple(...shape.map(int)),
    tuple(...stride.map(int)),
    ascii('\x89'),
    join([global('collections', 'OrderedDict'), ascii(')R')]),
    ...(metadata === undefined ? [] : [metadata]),
  );
}
