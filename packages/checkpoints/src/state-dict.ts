/**
 * Which part of a checkpoint is the model: the state dict inside what torch.save was given, and of its names those
 * that model-names.ts takes. What is left out is said, never dropped in silence.
 */
import { UserError } from '@vssm/core';
import { isListOfNames } from './class-list.ts';
import { modelNames } from './model-names.ts';
import { findPlaceholder, PickleDict } from './pickle/values.ts';
import { checkName, leftOut, listed, quoted } from './tensor-names.ts';
import { StoredTensor } from './torch/objects.ts';

/** Where trainers put the state dict, the most wanted first. */
const wrappers = ['model', 'state_dict', 'model_state_dict', 'model_ema', 'state_dict_ema', 'ema_state_dict'];

export interface StateDict {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly ignored: readonly string[];
}

/**
 * @param root what torch.save was given
 * @param key name of the entry that holds the state dict; dots lead into nested dictionaries, and what is left of it
 * there, or in the usual place, chooses among names, see model-names.ts
 */
export function findStateDict(root: unknown, key?: string): StateDict {
  const { dict, ignored, names } = chooseDict(root, key);
  const named = new Map<string, unknown>();
  for (const [name, value] of dict.entries) {
    if (typeof name !== 'string') throw new UserError('its state dict has a name that is not text');
    named.set(name, value);
  }
  const model = modelNames(named, names);
  if (model === undefined) throw nothingUnder(root as PickleDict, key!);
  ignored.push(...model.ignored);

  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of model.kept) {
    checkName(name);
    if (value instanceof StoredTensor) tensors.set(name, value);
    else {
      refusePlaceholder(value, `its state dict holds, under ${quoted(name)},`);
      ignored.push(leftOut(name, 'not a tensor'));
    }
  }
  if (tensors.size === 0)
    throw new UserError(`its state dict holds no tensors, only ${listed(named.keys())}`);
  return { tensors, ignored };
}

/**
 * The class names in the order of the model's outputs: mmcv's trainers note them as `meta.CLASSES`, mmengine's as
 * `meta.dataset_meta.classes` (in some versions `CLASSES`).
 */
export function listedClasses(root: unknown): readonly string[] | undefined {
  const meta = entry(root, 'meta');
  const dataset = entry(meta, 'dataset_meta');
  return [entry(meta, 'CLASSES'), entry(dataset, 'classes'), entry(dataset, 'CLASSES')].find(isListOfNames);
}

function entry(dict: unknown, key: string): unknown {
  return dict instanceof PickleDict ? dict.entries.get(key) : undefined;
}

interface FoundDict {
  readonly dict: PickleDict;
  readonly ignored: string[];
  /** What of the key is for the names in it. */
  readonly names?: string;
}

function chooseDict(root: unknown, key: string | undefined): FoundDict {
  if (!(root instanceof PickleDict)) {
    refusePlaceholder(root, 'holds');
    throw new UserError("holds no dictionary; save the model's state dict with torch.save");
  }
  if (key !== undefined) return lookUp(root, key);
  const usual = usualDict(root);
  if (usual !== undefined) return usual;
  for (const wrapper of wrappers) refusePlaceholder(root.entries.get(wrapper), `holds, under "${wrapper}",`);
  throw new UserError(
    `holds no state dict: neither its top level nor ${listed(wrappers)} has tensors; it has ${listed(keyNames(root))}; choose with --key`,
  );
}

function usualDict(root: PickleDict): FoundDict | undefined {
  for (const wrapper of wrappers) {
    const dict = root.entries.get(wrapper);
    if (dict instanceof PickleDict && holdsTensors(dict)) return { dict, ignored: besides(root, wrapper) };
  }
  return holdsTensors(root) ? { dict: root, ignored: [] } : undefined;
}

function lookUp(root: PickleDict, key: string): FoundDict {
  const whole = root.entries.get(key);
  if (whole instanceof PickleDict) return { dict: whole, ignored: besides(root, key) };
  refusePlaceholder(whole, `holds, under ${quoted(key)},`);
  const path = key.split('.');
  let dict = root;
  let depth = 0;
  for (; depth < path.length; depth++) {
    const next = dict.entries.get(path[depth]);
    if (!(next instanceof PickleDict)) {
      refusePlaceholder(next, `holds, under ${quoted(key)},`);
      break;
    }
    dict = next;
  }
  const names = path.slice(depth).join('.');
  if (depth > 0) return { dict, ignored: besides(root, path[0]), ...(names !== '' && { names }) };
  const usual = usualDict(root);
  if (usual === undefined) throw nothingUnder(root, key);
  return { ...usual, names };
}

function nothingUnder(root: PickleDict, key: string): UserError {
  return new UserError(
    `has no state dict under ${quoted(key)}; at its top level are ${listed(keyNames(root))}`,
  );
}

function holdsTensors(dict: PickleDict): boolean {
  for (const value of dict.entries.values()) if (value instanceof StoredTensor) return true;
  return false;
}

function besides(root: PickleDict, chosen: string): string[] {
  return keyNames(root)
    .filter((name) => name !== chosen)
    .map((name) => leftOut(name, `beside the state dict ${quoted(chosen)}`));
}

function keyNames(dict: PickleDict): string[] {
  return [...dict.entries.keys()].map((name) => (typeof name === 'string' ? name : '(not text)'));
}

function refusePlaceholder(value: unknown, where: string): void {
  const placeholder = findPlaceholder(value);
  if (placeholder !== undefined) {
    throw new UserError(
      `${where} a ${quoted(placeholder.global)}, which only running its code could rebuild; save the model's state dict with torch.save`,
    );
  }
}
