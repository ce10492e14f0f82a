import { describe, expect, it } from 'vitest';
import { PickleDict, Placeholder } from '../pickle/values.ts';
import { StorageRef, StoredTensor, TorchHost } from './objects.ts';

const host = new TorchHost();
const name = (full: string) => {
  const dot = full.lastIndexOf('.');
  return host.global(full.slice(0, dot), full.slice(dot + 1)) as Placeholder;
};
const storage = host.persistent(['storage', name('torch.storage.UntypedStorage'), '0', 'cpu', 16]);

describe('TorchHost', () => {
  it('rebuilds tensors, parameters and ordered dictionaries', () => {
    expect(storage).toMatchObject({ key: '0', type: 'U8', total: 16, elements: 16, start: 0 });
    const args = [storage, 1, [2], [1], false, new PickleDict()];
    const tensor = host.call(name('torch._utils._rebuild_tensor_v2'), args);
    expect(tensor).toMatchObject({ storage, offset: 1, shape: [2], stride: [1], metadata: undefined });
    const metadata = new PickleDict();
    const rebuilt = (rebuilder: string, ...more: unknown[]) =>
      host.call(name(`torch._utils.${rebuilder}`), [...args, ...more]);
    expect(rebuilt('_rebuild_tensor_v2', metadata)).toHaveProperty('metadata', metadata);
    expect(rebuilt('_rebuild_tensor_v3', name('torch.float32'), metadata)).toMatchObject({
      ...{ elementType: 'F32', metadata },
    });
    expect(host.call(name('torch._utils._rebuild_parameter'), [tensor, true, []])).toBe(tensor);
    expect(host.call(name('torch._utils._rebuild_parameter_with_state'), [tensor, true, [], {}])).toBe(
      tensor,
    );
    expect(host.call(name('collections.OrderedDict'), [])).toEqual(new PickleDict());
    const pairs = host.call(name('collections.OrderedDict'), [[['a', 1]]]) as PickleDict;
    expect([...pairs.entries]).toEqual([['a', 1]]);
    expect(host.call(name('torch.Size'), [[2, 3]])).toEqual([2, 3]);
  });

  it('takes the type of a tensor in an untyped storage from its own arguments', () => {
    const args = [storage, 0, [2], [1], false, new PickleDict(), name('torch.bfloat16'), null];
    expect(host.call(name('torch._utils._rebuild_tensor_v3'), args)).toMatchObject({ elementType: 'BF16' });
    args[6] = name('torch.quint8');
    expect(host.call(name('torch._utils._rebuild_tensor_v3'), args)).toEqual(
      new Placeholder('torch', 'quint8'),
    );
  });

  it.each([
    ['_rebuild_tensor', 4],
    ['_rebuild_tensor_v2', 7],
    ['_rebuild_tensor_v3', 8],
  ])('refuses arguments of %s beyond the %i that are known', (rebuilder, known) => {
    const args = [storage, 0, [2], [1], false, new PickleDict(), null, null, null].slice(0, known + 1);
    expect(() => host.call(name(`torch._utils.${rebuilder}`), args)).toThrow(
      `calls torch._utils.${rebuilder} with ${known + 1} arguments`,
    );
  });

  it('rebuilds tensors with attributes, but not of other classes', () => {
    const args = [storage, 0, [2], [1], false, new PickleDict()];
    const from = name('torch._tensor._rebuild_from_type_v2');
    const rebuild = name('torch._utils._rebuild_tensor_v2');
    expect(host.call(from, [rebuild, name('torch.Tensor'), args, {}])).toBeInstanceOf(StoredTensor);
    expect(host.call(from, [rebuild, name('my.Tensor'), args, {}])).toEqual(new Placeholder('my', 'Tensor'));
    expect(host.call(from, [name('my.rebuild'), name('torch.Tensor'), args, {}])).toEqual(
      new Placeholder('my', 'rebuild'),
    );
  });

  it('follows getattr from placeholder to placeholder, calling nothing', () => {
    const getattr = name('builtins.getattr');
    const inner = host.call(name('__builtin__.getattr'), [name('my.Outer'), 'Inner']);
    expect(inner).toEqual(new Placeholder('my', 'Outer.Inner'));
    expect(host.call(getattr, [inner, 'member', null])).toEqual(new Placeholder('my', 'Outer.Inner.member'));
    // Of data, for instance the method of a list: unknown.
    expect(host.call(getattr, [[1], 'append'])).toBe(getattr);
    expect(() => host.call(getattr, [name('torch.os'), 'system'])).toThrow('"torch.os.system"');
    expect(() => host.call(getattr, [inner, '__globals__'])).toThrow('"my.Outer.Inner.__globals__"');
    const long = host.call(getattr, [inner, 'x'.repeat(400)]);
    expect(() => host.call(getattr, [long, 'x'.repeat(400)])).toThrow('more than 512 characters');
  });

  it('leaves every other call a placeholder of that name', () => {
    for (const other of ['torch._utils._rebuild_sparse_tensor', 'torch.storage._load_from_bytes', 'a.b']) {
      expect(host.call(name(other), [1])).toEqual(name(other));
    }
  });

  it('knows the storages of the GPU and of whole modules', () => {
    const half = host.persistent(['storage', name('torch.cuda.HalfStorage'), '1', 'cuda:0', 3]);
    expect(half).toBeInstanceOf(StorageRef);
    expect(half).toMatchObject({ type: 'F16', bytesPerElement: 2 });
    expect(host.persistent(['module', name('a.B'), 'b.py', 'class B'])).toEqual(new Placeholder('a', 'B'));
  });

  it.each([
    [['storage']],
    [['storage', 'FloatStorage', '0', 'cpu', 1]],
    [['storage', new Placeholder('torch', 'FloatStorage'), 0, 'cpu', 1]],
    [['storage', new Placeholder('torch', 'FloatStorage'), '0', 'cpu', -1]],
    [['storage', new Placeholder('torch', 'FloatStorage'), '0', 'cpu', 1, null, 'later']],
    [['other', new Placeholder('torch', 'FloatStorage'), '0', 'cpu', 1]],
    ['0'],
    [null],
  ])('refuses the persistent id %o', (id) => {
    expect(() => host.persistent(id)).toThrow('malformed persistent id');
  });
});
