import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { modelNames } from './model-names.ts';

/** Each name stands for itself. */
const named = (...names: string[]) => new Map(names.map((name) => [name, name]));
const model = ['layers.0.mixer.D', 'patch_embed.proj.bias', 'head.bias'];
const under = (...prefixes: string[]) =>
  named(...prefixes.flatMap((prefix) => model.map((name) => `${prefix}${name}`)));

describe('modelNames', () => {
  it.each([
    '',
    'module.',
    'model.',
    '_orig_mod.',
    '_fsdp_wrapped_module.',
    'module.model.',
    'model.module.',
    'model._orig_mod.',
    '_orig_mod.module.',
    '_fsdp_wrapped_module._checkpoint_wrapped_module.',
    'model.model._orig_mod.module.',
  ])('takes off what wrappers put before names: "%s"', (prefix) => {
    const found = modelNames(under(prefix))!;
    expect([...found.kept]).toEqual(model.map((name) => [name, `${prefix}${name}`]));
    expect(found.ignored).toEqual([]);
  });

  it('takes off wrappers of parts', () => {
    const names = named(
      'backbone._orig_mod.layers.0.mamba.D',
      'backbone.patch_embed._fsdp_wrapped_module.stem.0',
    );
    expect([...modelNames(names)!.kept.keys()]).toEqual([
      'backbone.layers.0.mamba.D',
      'backbone.patch_embed.stem.0',
    ]);
    expect(() => modelNames(named('a._orig_mod.b', 'a.b'))).toThrow(
      'holds "a._orig_mod.b", "a.b", which are the same but for wrappers',
    );
  });

  it('lists what is not under the prefix', () => {
    const found = modelNames(new Map([...under('module.'), ...named('n_averaged')]))!;
    expect(found.ignored).toEqual(['n_averaged: not under "module."']);
  });

  it('lets the user choose where two models show', () => {
    const two = under('module.', 'model.module.');
    const finding = () => modelNames(two);
    expect(finding).toThrow(UserError);
    expect(finding).toThrow(
      'holds more than one model, under "module." and under "model.module."; choose with --key module or --key model.module',
    );
    const values = (key: string) => [...modelNames(two, key)!.kept.values()];
    expect(values('module')).toEqual([...under('module.').keys()]);
    expect(values('model.module')).toEqual([...under('model.module.').keys()]);
    expect(values('model')).toEqual([...under('model.module.').keys()]);

    const bare = under('', '_orig_mod.');
    expect(() => modelNames(bare)).toThrow('without a prefix and under "_orig_mod."; choose with --key . or');
    expect([...modelNames(bare, '_orig_mod')!.kept.values()]).toEqual([...under('_orig_mod.').keys()]);
    const own = modelNames(bare, '.')!;
    expect([...own.kept.values()]).toEqual(model);
    expect(own.ignored).toEqual(model.map((name) => `_orig_mod.${name}: under a wrapper`));
  });

  it.each([
    [['model.a', 'b'], ['a'], ['b: not under "model."']],
    [['module.a', 'module.model.b'], ['a', 'model.b'], []],
    [['module.a', 'model.b'], ['b'], ['module.a: not under "model."']],
    [['a', 'modelb'], ['a', 'modelb'], []],
  ])('where no model shows, takes the names under one wrapper: %j', (names, kept, ignored) => {
    const found = modelNames(named(...names))!;
    expect([...found.kept.keys()]).toEqual(kept);
    expect(found.ignored).toEqual(ignored);
  });

  it('has nothing under a key that no name begins with', () => {
    expect(modelNames(under(''), 'gone')).toBeUndefined();
    expect(modelNames(under(''), 'ema')).toBeUndefined();
  });
});

describe('modelNames with the buffers of an EMA hook', () => {
  const buffers = ['ema_layers_0_mixer_D', 'ema_patch_embed_proj_bias', 'ema_head_bias'];
  const statistics = ['bn.running_mean', 'bn.num_batches_tracked'];
  const all = named(...model, ...statistics, ...buffers);

  it('takes the plain names, and lists the buffers', () => {
    const found = modelNames(all)!;
    expect([...found.kept.keys()]).toEqual([...model, ...statistics]);
    expect(found.ignored).toEqual(buffers.map((name) => `${name}: kept by an EMA hook; --key ema loads it`));
  });

  it('takes the buffers under the names that they belong to, and statistics that have none', () => {
    const found = modelNames(all, 'ema')!;
    expect([...found.kept]).toEqual([
      ...model.map((name, i) => [name, buffers[i]]),
      ...statistics.map((name) => [name, name]),
    ]);
    expect(found.ignored).toEqual(model.map((name) => `${name}: its EMA buffer is loaded instead`));
    const averaged = modelNames(new Map([...all, ...named('ema_bn_running_mean')]), 'ema')!;
    expect(averaged.kept.get('bn.running_mean')).toBe('ema_bn_running_mean');
  });

  it('finds them under wrappers', () => {
    const wrapped = new Map([...all.keys()].map((name) => [`module.${name}`, name]));
    expect([...modelNames(wrapped)!.kept.values()]).toEqual([...model, ...statistics]);
    expect([...modelNames(wrapped, 'ema')!.kept.values()]).toEqual([...buffers, ...statistics]);
    expect([...modelNames(wrapped, 'module')!.kept.values()]).toEqual([...model, ...statistics]);
  });

  it('refuses where one is missing, or may belong to two', () => {
    const missing = named(...model, ...buffers.slice(1));
    expect(() => modelNames(missing, 'ema')).toThrow('none of "layers.0.mixer.D"');
    const two = named('a.b_c', 'a_b.c', 'ema_a_b_c');
    expect(() => modelNames(two)).toThrow('"ema_a_b_c", which may be the average of "a.b_c", "a_b.c"');
  });

  it('leaves names that only begin like that to the model', () => {
    expect([...modelNames(named(...model, 'ema_decay'))!.kept.keys()]).toEqual([...model, 'ema_decay']);
  });
});
