/** `vssm schedule`: which pruning schedules save a given part of a model's FLOPs. */
import {
  alignments,
  counted,
  type FoundSchedule,
  formatSchedule,
  oneOf,
  UserError,
  usualKeepRatios,
} from '@vssm/core';
import {
  families,
  type ModelSpec,
  modelFlops,
  promisedSpeedup,
  pruningPlan,
  searchSchedules,
} from '@vssm/families';
import { Command } from 'commander';
import { groups } from '../options/groups.ts';
import { addModelOptions, type ModelOptions, specOf } from '../options/model.ts';
import { fraction, whole } from '../options/numbers.ts';
import { listing, type OutputOptions, printResult } from '../output.ts';

type Options = ModelOptions &
  OutputOptions & {
    readonly reduction: number;
    readonly tolerance: number;
    readonly alignment: string;
    readonly keep?: string;
    readonly minSteps?: number;
    readonly maxSteps?: number;
    readonly limit: number;
  };

export function scheduleCommand(): Command {
  const command = new Command('schedule').description(
    'schedules that save a given part of the FLOPs (paper profile), best-balanced first',
  );
  return addModelOptions(command)
    .optionsGroup(groups.pruning)
    .requiredOption(
      '--reduction <part>',
      'part of the FLOPs to save, 0 to 1, e.g. 0.416',
      fraction('--reduction'),
    )
    .option('--tolerance <part>', 'largest distance from it, 0 to 1', fraction('--tolerance'), 0.001)
    .option('--alignment <how>', `${alignments.slice(0, 2).join(', ')}: alignment has its own cost`, 'decay')
    .option(
      '--keep <ratios>',
      `keep ratios to try, joined by commas, or "solve" for the ratio that fits each set of blocks; default: ${usualKeepRatios[0]} to ${usualKeepRatios.at(-1)} by 0.05`,
    )
    .option('--min-steps <n>', 'fewest pruning steps; default: any', whole('--min-steps', 1))
    .option('--max-steps <n>', 'most pruning steps; default: any', whole('--max-steps', 1))
    .optionsGroup(groups.output)
    .option('--limit <n>', 'print the first n', whole('--limit', 1), 20)
    .option('--json', 'print one JSON document on stdout')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { reduction, tolerance, limit } = options;
  const alignment = oneOf('--alignment', options.alignment, alignments);
  const { name, spec } = await specOf(options);
  const found = searchSchedules(spec, {
    reduction,
    tolerance,
    keeps: keepsOf(options.keep),
    steps: [options.minSteps ?? 1, options.maxSteps ?? spec.depth],
    plan: { alignment },
  });
  const dense = pruningPlan({ schedule: [], alignment }, spec.family);
  const result = {
    model: name,
    profile: 'paper',
    target: { reduction, tolerance },
    alignment,
    dense: {
      gflops: modelFlops(spec, dense, 'paper').total / 1e9,
      strictGflops: modelFlops(spec, dense, 'strict').total / 1e9,
    },
    found: found.length,
    note: families[spec.family].words.schedules,
    schedules: found.slice(0, limit).map((schedule) => described(spec, schedule)),
  };
  printResult(options, result, human(result));
}

function keepsOf(text: string | undefined): readonly number[] | 'solved' {
  if (text === undefined) return usualKeepRatios;
  if (text === 'solve') return 'solved';
  return text.split(',').map((part) => {
    if (!/^\s*\d*\.?\d+\s*$/.test(part)) {
      throw new UserError(
        `--keep "${text}": expected ratios joined by commas, for instance 0.7,0.8, or solve`,
      );
    }
    return Number(part);
  });
}

function described(spec: ModelSpec, { plan, keep, reduction, imbalance }: FoundSchedule) {
  const dense = { ...plan, schedule: [] };
  const paper = modelFlops(spec, plan, 'paper');
  const speedup = promisedSpeedup(spec, dense, plan);
  return {
    schedule: formatSchedule(plan.schedule),
    alignment: plan.alignment,
    steps: plan.schedule.length,
    keep,
    tokens: paper.tokens,
    gflops: paper.total / 1e9,
    reduction,
    strictReduction: 1 - 1 / speedup,
    /** Dense over pruned strict FLOPs. */
    promisedSpeedup: speedup,
    /** How it is ranked: see searchSchedules in packages/core. */
    imbalance,
  };
}

function human(result: {
  readonly model: string;
  readonly alignment: string;
  readonly dense: { readonly gflops: number };
  readonly found: number;
  readonly note: string;
  readonly target: { readonly reduction: number; readonly tolerance: number };
  readonly schedules: readonly ReturnType<typeof described>[];
}): string {
  const { model, alignment, dense, found, note, target, schedules } = result;
  const percent = (part: number, digits = 1) => `${(100 * part).toFixed(digits)} %`;
  const width = Math.max(0, ...schedules.map(({ schedule }) => schedule.length));
  return [
    listing([
      ['model', `${model}, ${dense.gflops.toFixed(3)} GFLOPs dense (paper profile)`],
      ['target', `-${percent(target.reduction)} ± ${percent(target.tolerance, 2)}, alignment ${alignment}`],
      ['found', found === 0 ? 'nothing; widen --tolerance, or try --keep solve' : counted(found, 'schedule')],
    ]),
    ...(found > schedules.length ? [`the ${schedules.length} best-balanced (--limit shows more):`] : []),
    ...schedules.map(
      ({ schedule, gflops, reduction, promisedSpeedup, tokens }) =>
        `  ${schedule.padEnd(width)}  -${percent(reduction)}  ${gflops.toFixed(3)} GFLOPs  promised speed-up ${promisedSpeedup.toFixed(2)}  tokens ${tokens.join(' → ')}`,
    ),
    `note: ${note}`,
  ].join('\n');
}
