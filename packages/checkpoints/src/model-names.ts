/**
 * Which names of a state dict are the model's. Trainers wrap a model in others, and each wrapper leaves its name before
 * the names of tensors: DistributedDataParallel `module.`, Lightning `model.`, torch.compile `_orig_mod.`, FSDP
 * `_fsdp_wrapped_module.`; the last two also in the middle, where a part of the model is wrapped. A chain of them is
 * taken off where a model shows under it. Hooks that average weights leave a second copy as buffers (averages.ts).
 * What is left out is said, never dropped in silence.
 */
import { UserError } from '@vssm/core';
import { averages, averagesKey, withoutAverages } from './averages.ts';
import { type ChosenNames, leftOut, listed, quoted } from './tensor-names.ts';

/** The two that a model's own parts may be called like come first: they are all that older trainers wrap in. */
const wrappers = ['model', 'module', '_orig_mod', '_fsdp_wrapped_module', '_checkpoint_wrapped_module'];
/** Inside a name, where a part is wrapped; never a part's own name. */
const inner = /(?<=\.)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\./g;
/** Wrappers one in another. */
const deepest = 4;

/** A model shows where there are blocks of it, and what comes before them. */
const blocks = /^(backbone\.)?layers\.\d+\.(mixer|mamba)\./;
const embedding = /^(backbone\.)?patch_embed\./;

/** As `--key`: the names that no wrapper stands before. */
const unwrapped = '.';

/**
 * @param key which names, where it is not the usual ones: a prefix without its last dot, `ema` for the averages, `.`
 * for those without a wrapper
 * @returns undefined where nothing has that key
 * @throws UserError where two models show, naming the prefixes; where a name stands there twice
 */
export function modelNames<T>(all: ReadonlyMap<string, T>, key?: string): ChosenNames<T> | undefined {
  if (key === undefined) return andThen(unwrap(all), withoutAverages);
  if (key === unwrapped) return andThen(bare(all), withoutAverages);
  const chosen = under(all, `${key}.`);
  if (chosen.kept.size > 0)
    return andThen(shows(chosen.kept) ? chosen : andThen(chosen, unwrap), withoutAverages);
  return key === averagesKey ? andThenSome(unwrap(all), averages) : undefined;
}

function unwrap<T>(all: ReadonlyMap<string, T>): ChosenNames<T> {
  const fitting = fittingPrefixes(all.keys());
  if (fitting.length > 1) {
    const places = fitting.map((prefix) => (prefix === '' ? 'without a prefix' : `under ${quoted(prefix)}`));
    const keys = fitting.map((prefix) => `--key ${prefix === '' ? unwrapped : prefix.slice(0, -1)}`);
    throw new UserError(
      `holds more than one model, ${places.join(' and ')}; choose with ${keys.join(' or ')}`,
    );
  }
  return under(all, fitting[0] ?? usualPrefix(all.keys()));
}

/** The names that no wrapper stands before. */
function bare<T>(all: ReadonlyMap<string, T>): ChosenNames<T> {
  const isWrapped = (name: string) => wrappings(name).length > 1;
  const names = [...all.keys()];
  return {
    kept: under(new Map([...all].filter(([name]) => !isWrapped(name))), '').kept,
    ignored: names.filter(isWrapped).map((name) => leftOut(name, 'under a wrapper')),
  };
}

/** Where no model shows, so that the message about what is missing has the names that are meant. */
function usualPrefix(names: Iterable<string>): string {
  const all = [...names];
  const wrapper = wrappers.find((candidate) => all.some((name) => name.startsWith(`${candidate}.`)));
  return wrapper === undefined ? '' : `${wrapper}.`;
}

/** Chains of wrappers, each with its last dot, under which a model shows. */
function fittingPrefixes(names: Iterable<string>): string[] {
  const seen = new Map<string, { blocks: boolean; embedding: boolean }>();
  for (const name of names) {
    for (const prefix of wrappings(name)) {
      const own = ownName(name.slice(prefix.length));
      const parts = seen.get(prefix) ?? { blocks: false, embedding: false };
      parts.blocks ||= blocks.test(own);
      parts.embedding ||= embedding.test(own);
      seen.set(prefix, parts);
    }
  }
  return [...seen].filter(([, parts]) => parts.blocks && parts.embedding).map(([prefix]) => prefix);
}

function shows(names: ReadonlyMap<string, unknown>): boolean {
  return fittingPrefixes(names.keys()).includes('');
}

/** For `module.model.a`: '', `module.`, `module.model.`. */
function wrappings(name: string): string[] {
  const prefixes = [''];
  const parts = name.split('.', deepest + 1).slice(0, -1);
  for (const part of parts) {
    if (!wrappers.includes(part)) break;
    prefixes.push(`${prefixes.at(-1)}${part}.`);
  }
  return prefixes;
}

function ownName(name: string): string {
  return name.replace(inner, '');
}

/** The names that begin with `prefix`, by the model's own names; the others are listed. */
function under<T>(all: ReadonlyMap<string, T>, prefix: string): ChosenNames<T> {
  const kept = new Map<string, T>();
  const given = new Map<string, string>();
  const ignored: string[] = [];
  for (const [name, value] of all) {
    if (!name.startsWith(prefix)) {
      ignored.push(leftOut(name, `not under ${quoted(prefix)}`));
      continue;
    }
    const own = ownName(name.slice(prefix.length));
    if (kept.has(own)) {
      throw new UserError(`holds ${listed([given.get(own)!, name])}, which are the same but for wrappers`);
    }
    kept.set(own, value);
    given.set(own, name);
  }
  return { kept, ignored };
}

type Step<T, Result> = (names: ReadonlyMap<string, T>) => Result;

function andThen<T>(first: ChosenNames<T>, step: Step<T, ChosenNames<T>>): ChosenNames<T> {
  return andThenSome(first, step)!;
}

function andThenSome<T>(
  first: ChosenNames<T>,
  step: Step<T, ChosenNames<T> | undefined>,
): ChosenNames<T> | undefined {
  const second = step(first.kept);
  return second && { kept: second.kept, ignored: [...first.ignored, ...second.ignored] };
}
