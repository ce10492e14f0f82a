/**
 * Averaged weights that a hook keeps in the model itself. mmcv's and mmdet's EMA hooks, and PlainMamba's own, register a
 * buffer for each parameter, `backbone.ln1.weight` as `ema_backbone_ln1_weight`, and swap the two for evaluation; so
 * which of them holds the average in a file depends on when it was written.
 */
import { UserError } from '@vssm/core';
import { type ChosenNames, leftOut, listed, quoted } from './tensor-names.ts';

/** What `--key` calls them. */
export const averagesKey = 'ema';

/** What a hook on parameters alone keeps no average of. */
const statistics = /(^|\.)(running_mean|running_var|num_batches_tracked)$/;

/** Names of the buffers of such a hook, by the names that they belong to. */
function buffersOf(names: Iterable<string>): ReadonlyMap<string, string> {
  const all = new Set(names);
  const owners = new Map<string, string>();
  for (const name of all) {
    const buffer = `ema_${name.replaceAll('.', '_')}`;
    if (!all.has(buffer)) continue;
    const other = owners.get(buffer);
    if (other !== undefined) {
      throw new UserError(`holds ${quoted(buffer)}, which may be the average of ${listed([other, name])}`);
    }
    owners.set(buffer, name);
  }
  return new Map([...owners].map(([buffer, name]) => [name, buffer]));
}

/** Without the buffers of such a hook, if there are any. */
export function withoutAverages<T>(names: ReadonlyMap<string, T>): ChosenNames<T> {
  const buffers = new Set(buffersOf(names.keys()).values());
  return {
    kept: new Map([...names].filter(([name]) => !buffers.has(name))),
    ignored: [...buffers].map((name) => leftOut(name, `kept by an EMA hook; --key ${averagesKey} loads it`)),
  };
}

/**
 * The buffers of such a hook under the names that they belong to, and the running statistics that it has none of.
 *
 * @returns undefined where there is no such buffer
 * @throws UserError where one is missing
 */
export function averages<T>(names: ReadonlyMap<string, T>): ChosenNames<T> | undefined {
  const buffers = buffersOf(names.keys());
  if (buffers.size === 0) return undefined;
  const averaged = new Set(buffers.values());
  const own = [...names].filter(([name]) => !averaged.has(name));
  const missing = own.map(([name]) => name).filter((name) => !buffers.has(name) && !statistics.test(name));
  if (missing.length > 0) {
    throw new UserError(
      `has averages of some tensors, and none of ${listed(missing)}; load it without --key`,
    );
  }
  return {
    kept: new Map(
      own.map(([name, value]) => {
        const buffer = buffers.get(name);
        return [name, buffer === undefined ? value : names.get(buffer)!];
      }),
    ),
    ignored: [...buffers.keys()].map((name) => leftOut(name, 'its EMA buffer is loaded instead')),
  };
}
