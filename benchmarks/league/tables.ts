/** The tables of docs/league.md, from what is in `measured/`. */
import { fileURLToPath } from 'node:url';
import { builtInRules, signals } from '@vssm/core';
import { type AccuracyRecord, readResults, readRightAnswers } from '@vssm/results';
import { pairedMean } from '@vssm/results/statistics';
import { type Contender, contendersOf, ways } from './contenders.ts';
import { type Ground, grounds } from './experiment.ts';

const measured = fileURLToPath(new URL('measured', import.meta.url));

/** What every other row is held against, image by image. */
const ours = 'content-contribution-drop-positional';

const begin = '<!-- generated: node benchmarks/league/write-tables.ts -->';
const end = '<!-- end of generated -->';

/**
 * The page with its tables.
 *
 * @throws Error where it lacks the marks between which they stand
 */
export function leaguePage(page: string): string {
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`docs/league.md lacks "${begin}" and "${end}"`);
  return `${before}${begin}\n\n${leagueTables()}\n\n${end}${after}`;
}

/** One for every model and schedule: contenders, the best first, by ways. */
function leagueTables(): string {
  const records = new Map(
    readResults(measured).records.flatMap((record) =>
      record.kind === 'accuracy' ? [[record.row, record] as const] : [],
    ),
  );
  const answers = readRightAnswers(measured);
  const right = ({ predictions }: AccuracyRecord) => answers.get(predictions.sha256)!;
  return grounds
    .flatMap((ground) => ground.schedules.map((schedule) => tableOf(ground, schedule, records, right)))
    .join('\n\n');
}

type Right = (record: AccuracyRecord) => readonly boolean[];

function tableOf(
  { id, place }: Ground,
  schedule: string,
  records: ReadonlyMap<string, AccuracyRecord>,
  right: Right,
): string {
  const find = (name: string) => records.get(`${id}-${name}@${schedule.split('@')[1]}`);
  const own = find(ours);
  const lines = contendersOf(signals).flatMap((contender) => {
    const found = ways.map((way) => find(`${contender.id}-${way.id}`));
    const best = found.reduce((a, b) => ((b?.top1 ?? 0) > (a?.top1 ?? 0) ? b : a), undefined);
    return best === undefined ? [] : [{ contender, found, best }];
  });
  const used = ways.filter((_, way) => lines.some(({ found }) => found[way] !== undefined));
  const head = [
    'rule',
    'from',
    ...used.map(({ label }) => label),
    '95 % of its best',
    'ours minus its best',
    'strict MFLOPs',
  ];
  const rows = lines
    .toSorted((a, b) => b.best.top1 - a.best.top1)
    .map(({ contender, found, best }) => {
      const cells = used.map((way) => {
        const record = found[ways.indexOf(way)];
        const text = record?.top1.toFixed(2) ?? '–';
        return record === best ? `**${text}**` : text;
      });
      const [low, high] = best.interval;
      return [
        contender.label,
        originOf(contender),
        ...cells,
        `${low.toFixed(1)}–${high.toFixed(1)}`,
        own === undefined || best === own ? '' : difference(right(own), right(best)),
        (1000 * best.flops.strict).toFixed(2),
      ];
    });
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = line(head.map((_, column) => (column < 2 ? '---' : '---:')));
  const title = `\`${schedule}\` on the ${place.model.startsWith('vim') ? 'Vim' : 'PlainMamba'}`;
  return [title, '', line(head), rule, ...rows.map(line)].join('\n');
}

/** Points, with its 95 % interval. */
function difference(first: readonly boolean[], second: readonly boolean[]): string {
  const each = first.map((one, image) => Number(one) - Number(second[image]));
  const { mean, interval } = pairedMean(each);
  const [low, high] = interval.map(signed);
  return `${signed(mean)} (${low} to ${high})`;
}

const signed = (share: number) => `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(2)}`;

/** Of what the paper compares, its own reading of EViT and ours are not the same thing; UTR's score does not drop. */
const ownReadings: readonly string[] = ['evit-drop', 'ssm-clip-drop'];

function originOf({ id, usual, options: { signal } }: Contender): string {
  if (signal === undefined || signal === 'file') throw new Error(`${id} has no built-in rule`);
  if (signal === 'random') return 'baseline';
  if (!usual) return 'our combination';
  return ownReadings.includes(id) ? 'our reading' : (builtInRules[signal].origin ?? 'as published');
}
