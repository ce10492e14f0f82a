/**
 * The league: every rule, with every operation that it has, under every way to go on after a step, at equal tokens per
 * block. Training-free.
 */
import type { AccuracyRow, Experiment } from '@vssm/bench';
import { type PruningStep, parseSchedule, signals, UserError } from '@vssm/core';
import { checkPlan, densePlan, type ModelSpec, plainMambaSpec, pruningPlan, vimSpec } from '@vssm/families';
import { contendersOf, type Part, ways } from './contenders.ts';

/** A model that rules are tried on, and the schedules that all of them keep to. */
export interface Ground {
  readonly id: string;
  /** What a schedule must fit. */
  readonly spec: ModelSpec;
  readonly place: Pick<AccuracyRow, 'model' | 'dataset' | 'images'>;
  readonly schedules: readonly string[];
}

/**
 * The embedded Vim of 8 blocks and 50 tokens. The first schedule saves 28.4 % of its FLOPs in the paper's profile, aligned,
 * as a Vim-S's 5,10,15@0.8 saves about 29 %; the second 41.4 %, as the paper's PlainMamba-L3 41.6 %; `vssm schedule` finds
 * both. The third, 48.8 %, is the hardest of tables 4 and 5.
 */
const vim: Ground = {
  id: 'nano',
  spec: vimSpec({
    ...{ imageHeight: 28, imageWidth: 28, inChannels: 1, patchSize: 4, stride: 4 },
    ...{ width: 48, depth: 8, stateSize: 8, classes: 10 },
  }),
  place: { model: 'vim-nano-fmnist', dataset: 'fashion-mnist', images: 'sample' },
  schedules: ['2,4,6@0.751', '2,4,6@0.6', '2,4,6@0.5'],
};

/** Of the last schedule; the first six are rows of tables 1, 4 and 5 as well, and are evaluated once for all of them. */
const inEveryRun: ReadonlySet<string> = new Set([
  'nano-clip-drop-decay-positional@0.5',
  'nano-clip-drop-compact@0.5',
  'nano-clip-drop-positional@0.5',
  'nano-l1-drop-decay-positional@0.5',
  'nano-evit-drop-compact@0.5',
  'nano-random-drop-compact@0.5',
  'nano-class-contribution-drop-decay-positional@0.5',
  'nano-content-contribution-drop-positional@0.5',
  'nano-tome-merge-proportional@0.5',
  'nano-mtr-like-merge-decay-positional@0.5',
  'nano-utr-half-decay-positional@0.5',
]);

/** Every row of one model, in an order that a long run may be looked at before its end. */
export function leagueRows({ id: prefix, spec, place, schedules }: Ground): AccuracyRow[] {
  const all = ways.flatMap((way) =>
    schedules.flatMap((text) => contendersOf(signals).map((contender) => ({ contender, way, text }))),
  );
  return all
    .filter(({ contender, way, text }) => exists(contender, way, parseSchedule(text), spec))
    .sort((a, b) => round(a) - round(b))
    .map(({ contender, way, text }): AccuracyRow => {
      const id = `${prefix}-${contender.id}-${way.id}@${text.split('@')[1]}`;
      return {
        kind: 'accuracy',
        ...{ id, label: `${contender.label}, ${way.label}, ${text}`, paper: null, notes: [] },
        plan: planOf(contender, way, parseSchedule(text), spec),
        ...place,
        ...(!inEveryRun.has(id) && { extent: 'thorough' }),
      };
    });

  /**
   * ToP, which others are held against; then operations that rules come with before others, positional ways before
   * compact ones, the hardest schedule last.
   */
  function round({ contender, way, text }: (typeof all)[number]): number {
    if (contender.id === 'clip-drop' && way.id === 'decay-positional') return -1;
    const compact = way.options.conv === 'compact';
    return 4 * Number(!contender.usual) + 2 * Number(compact) + Number(text === schedules.at(-1));
  }
}

function planOf(contender: Part, way: Part, schedule: readonly PruningStep[], spec: ModelSpec) {
  const plan = pruningPlan({ ...contender.options, ...way.options, schedule }, spec.family);
  checkPlan(spec, plan);
  return plan;
}

/** What a family lacks, and what a rule cannot leave of a grid, is refused; such combinations are no rows. */
function exists(...[contender, way, schedule, spec]: Parameters<typeof planOf>): boolean {
  try {
    planOf(contender, way, schedule, spec);
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

function denseRow({ id, place }: Ground): AccuracyRow {
  return {
    kind: 'accuracy',
    ...{ id: `${id}-dense`, label: 'dense', paper: null, notes: [], plan: densePlan },
    ...place,
    ...(id !== vim.id && { extent: 'thorough' }),
  };
}

/**
 * A PlainMamba of 8 layers and 7 x 7 cells, trained here. The schedules save 41.6 % of its FLOPs in the paper's profile, as
 * the paper's PlainMamba-L3, half of that, and 29.3 %, as a Vim-S's 5,10,15@0.8; `vssm schedule` finds them.
 */
const plainMamba: Ground = {
  id: 'plain',
  spec: plainMambaSpec({
    ...{ imageHeight: 28, imageWidth: 28, inChannels: 1, patchSize: 4, stemConvs: 1, stemWidth: 32 },
    ...{ width: 48, depth: 8, stateSize: 8, classes: 10, depthwiseLayers: [] },
  }),
  place: { model: 'plainmamba-nano', dataset: 'fashion-mnist', images: 'sample' },
  schedules: ['2,4,6@0.78', '2,4,6@0.675', '2,4,6@0.4725'],
};

export const grounds: readonly Ground[] = [vim, plainMamba];

export const experiment: Experiment = {
  id: 'league',
  title: 'every rule, at equal tokens',
  paperFile: null,
  rows: grounds.flatMap((ground) => [denseRow(ground), ...leagueRows(ground)]),
};
