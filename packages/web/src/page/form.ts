/** The settings of a run: what can be chosen, under which words, and what is chosen now. */
import type { PageBackend } from '@vssm/backend-webgpu/page';
import {
  type Alignment,
  alignments,
  builtInRules,
  counted,
  type PruningPlan,
  parseSchedule,
  type ReductionName,
  reductions,
  reductionTable,
  type Signal,
  signals,
  UserError,
} from '@vssm/core';
import {
  checkPlan,
  familyNote,
  familyTitle,
  isModelName,
  type ModelName,
  type ModelSpec,
  modelFlops,
  models,
  parameterCount,
  promisedSpeedup,
  pruningPlan,
  sequenceLength,
  tokenCounts,
} from '@vssm/families';
import type { ModelCard } from '../exchange.ts';
import { byId, make } from './elements.ts';

const alignmentWords: Readonly<Record<Alignment, string>> = {
  decay: 'state decays over the gaps (paper)',
  none: 'gaps are closed',
  mask: 'pruned tokens stay, masked',
};

/** A choice has room for its label, which for a signal is the command line's word; a pointer gets the explanation. */
interface Words {
  readonly label: string;
  readonly explanation?: string;
}

export type ModelChoice = 'embedded' | 'own' | ModelName;

export function fillForm(): void {
  byId('named').append(...Object.keys(models).map((name) => make('option', { value: name }, name)));
  const fill = <T extends string>(id: string, choices: readonly T[], words: (choice: T) => Words) =>
    byId(id).append(
      ...choices.map((value) => {
        const { label, explanation } = words(value);
        return make('option', { value, title: explanation ?? label }, label);
      }),
    );
  fill('signal', signals, (signal) => ({ ...builtInRules[signal], label: signal }));
  fill('reduce', reductions, (reduce) => reductionTable[reduce]);
  fill('alignment', alignments, (alignment) => ({ label: alignmentWords[alignment] }));
  byId<HTMLSelectElement>('alignment').value = 'decay';
}

const chosenValue = (id: string) => byId<HTMLInputElement | HTMLSelectElement>(id).value;

export function chosenModel(): ModelChoice {
  const value = chosenValue('model');
  return value === 'own' || isModelName(value) ? value : 'embedded';
}

export function chosenBackend(): PageBackend | null {
  const chosen = document.querySelector<HTMLInputElement>('input[name=backend]:checked');
  return (chosen?.value as PageBackend | undefined) ?? null;
}

/** @throws UserError, core's own words */
export function chosenPlan(spec: ModelSpec): PruningPlan {
  const schedule = chosenValue('schedule').trim();
  const signal = chosenValue('signal') as Signal;
  const plan = pruningPlan(
    {
      ...{ schedule: schedule === '' ? [] : parseSchedule(schedule), signal },
      ...(builtInRules[signal].reduced && { reduce: chosenValue('reduce') as ReductionName }),
      alignment: chosenValue('alignment') as Alignment,
    },
    spec.family,
  );
  checkPlan(spec, plan);
  return plan;
}

/** @throws UserError */
export function chosenNumber(id: 'batch' | 'rounds'): number {
  const { value, min, max } = byId<HTMLInputElement>(id);
  const number = Number(value);
  if (value === '' || !Number.isInteger(number) || number < Number(min) || number > Number(max)) {
    const what = { batch: 'batch', rounds: 'timed rounds' }[id];
    throw new UserError(`${what} "${value}": must be a whole number from ${min} to ${max}`);
  }
  return number;
}

/** `50 tokens → 35 → 25 → 17; …`, or what is wrong with the plan. Returns the plan if there is one. */
export function showPlan(spec: ModelSpec): PruningPlan | null {
  const schedule = byId('schedule');
  // Not every rule reduces channels to a score.
  byId<HTMLSelectElement>('reduce').disabled = !builtInRules[chosenValue('signal') as Signal].reduced;
  try {
    const plan = chosenPlan(spec);
    byId('plan-note').textContent = planNote(spec, plan);
    byId('plan-error').textContent = '';
    schedule.removeAttribute('aria-invalid');
    return plan;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    byId('plan-error').textContent = error.message;
    byId('plan-note').textContent = '';
    schedule.setAttribute('aria-invalid', 'true');
    return null;
  }
}

function planNote(spec: ModelSpec, plan: PruningPlan): string {
  const tokens = tokenCounts(spec, plan).join(' → ');
  const { total } = modelFlops(spec, plan, 'strict');
  const cost = `${total < 1e8 ? `${(total / 1e6).toPrecision(3)} M` : `${(total / 1e9).toPrecision(3)} G`}FLOPs an image (strict profile)`;
  if (plan.schedule.length === 0) return `${tokens} tokens throughout; ${cost}.`;
  const dense = pruningPlan({ schedule: [] }, spec.family);
  return `${tokens} tokens; ${cost}, ${promisedSpeedup(spec, dense, plan).toFixed(2)} times fewer than dense.`;
}

/** A schedule that fits the model's depth: at a quarter, half and three quarters of it. */
export function suggestSchedule({ depth }: ModelSpec): string {
  const blocks = new Set([0.25, 0.5, 0.75].map((share) => Math.max(1, Math.round(depth * share))));
  return `${[...blocks].join(',')}@${depth <= 8 ? 0.7 : 0.8}`;
}

export function modelNote({ spec, origin, ignored }: ModelCard): string {
  const { depth, inChannels, imageHeight, imageWidth } = spec;
  const family =
    origin.from === 'checkpoint' && origin.familyFrom !== undefined
      ? familyNote(spec.family, origin.familyFrom)
      : familyTitle(spec.family);
  const parts = [
    `${parameterCount(spec).toLocaleString('en')} parameters`,
    counted(depth, 'block'),
    counted(sequenceLength(spec), 'token'),
    `${imageHeight}x${imageWidth} pixels, ${counted(inChannels, 'channel')}`,
  ];
  const unused =
    ignored.length === 0
      ? ''
      : ` Not used from the file: ${ignored.slice(0, 3).join('; ')}${ignored.length > 3 ? ' …' : ''}.`;
  return `${parts.join(', ')}; ${family}.${unused}`;
}
