/**
 * What the conformance suite expects, computed once a process: the suite is called for every form that a backend has,
 * and the golden cases and the reference's float64 answers are the same for all of them.
 */
import type { PruningPlan } from '@vssm/core';
import type { ModelFamily } from '@vssm/families';
import type { Prediction } from '../backend.ts';
import { loadExplained } from '../contributions.ts';
import { referenceBackend } from '../reference.ts';
import { type GoldenCase, goldenBatch } from './golden/case.ts';
import { familyTests } from './golden/families.ts';

const golden = new Map<ModelFamily, Promise<readonly GoldenCase[]>>();

/** The golden cases of a family: the same objects each time. */
export function goldenCases(family: ModelFamily): Promise<readonly GoldenCase[]> {
  return once(golden, family, () => familyTests[family].golden());
}

const answers = new WeakMap<GoldenCase, Map<string, Promise<Prediction>>>();

/** The reference's answer to the images of a case under another plan. */
export function referenceAnswer(
  golden: GoldenCase,
  plan: PruningPlan,
  { samples, explained = false }: { readonly samples?: readonly number[]; readonly explained?: boolean } = {},
): Promise<Prediction> {
  let known = answers.get(golden);
  if (known === undefined) {
    known = new Map();
    answers.set(golden, known);
  }
  return once(known, JSON.stringify({ plan, samples, explained }), async () => {
    const { spec, weights, pixels } = golden;
    const request = { spec, weights, plan };
    const model = await (explained
      ? loadExplained(referenceBackend, request)
      : referenceBackend.load(request));
    return model.run({ pixels, size: goldenBatch, ...(samples && { samples }) });
  });
}

function once<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  const before = known.get(key);
  if (before !== undefined) return before;
  const value = make();
  known.set(key, value);
  return value;
}
