/**
 * Every command and every example of the documentation is carried out: fenced commands in their page's order, on small
 * stand-ins for what a user would name; commands in running text and in the help against the options that there are.
 * A new page, block or command is found by itself. What cannot run here stands in the lists below, with the reason.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeModel } from '@vssm/graph';
import type { CommanderError } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { experiments } from './commands/bench.ts';
import { commands } from './commands.ts';
import {
  blocksOf,
  commandsIn,
  inlineCommands,
  meaningOf,
  pages,
  root,
  type ShownCommand,
  wordsOf,
} from './test-support/doc-examples.ts';
import { makeInputs, places } from './test-support/doc-inputs.ts';
import { type Runner, startRunner } from './test-support/run-in-turn.ts';

/** Pages whose blocks another test carries out, all of them. */
const elsewhere: Readonly<Record<string, string>> = {
  'docs/adding-a-model.md': 'worked-model.test.ts',
  'docs/making-a-rule-fast.md': 'fast-rule-example.test.ts',
  'docs/your-own-images.md': 'own-images.test.ts',
  'docs/what-runs-again.md': '../../workspace-lint/src/generated.ts',
};

/** Pages and beginnings of commands that are held against the options only. */
const onlyChecked: Readonly<Record<string, string>> = {
  'docs/network.md': 'strace is not everywhere; network.test.ts holds what it would show',
  'docs/sharding.md': 'needs ImageNet, published weights and sixteen machines; nightly.md runs the like',
  'VK_ICD_FILENAMES=': 'a software adapter at its place in Debian',
  "npx -y -p node@24 -p pnpm@12.21.0 -c 'pnpm test'": 'runs this test',
  'pnpm lint': 'is run before every change is taken',
  'pnpm test': 'runs this test',
  'pnpm vitest': 'runs tests',
  'pnpm fuzz': 'takes minutes; every target runs in the tests of packages/fuzz',
  'pnpm new-family': 'writes into the sources; new-family.test.ts carries it out on a copy',
  'pnpm vssm check-gpu': 'takes minutes; check-gpu.test.ts holds its parts, and the backends’ tests theirs',
  'pnpm generate': 'writes into the sources; generated.test.ts holds what it would write',
  'pnpm pictures': 'writes into docs, from a whole run',
  'pnpm bench --imagenet': 'needs ImageNet and published weights',
  'pnpm bench --only': 'takes minutes; nightly.md runs a table',
  'pnpm vssm train --task segment': 'segmenter-training.test.ts carries it out, on the committed scenes',
  'pnpm vssm finetune --task segment': 'the same',
  'pnpm vssm segment --checkpoint runs/': 'the same',
  'pnpm vssm scenes --data': 'needs the 60,000 images of Fashion-MNIST',
  'pnpm vssm experiment': 'takes hours, and the 60,000 images of Fashion-MNIST',
  'pnpm report --results runs/claim': 'shows what that experiment gave',
  'pnpm report --results runs/scenes': 'shows what that experiment gave',
  'pnpm vssm finetune --checkpoint runs/headline': 'goes on from what that experiment trains for an hour',
};
/** What is the reader's, and no file of a known kind: `--imagenet DIR`, `vim-small=FILE`, published weights. */
const readersOwn = /[ =](?:DIR|FILE)\b|--checkpoint plainmamba-l1-\w+=/;

/** What makes a command of each kind small; commander takes the last of an option given twice. */
const smaller: Readonly<Record<string, readonly string[]>> = {
  // The browser has a test of its own, in packages/backend-webgpu.
  compare: '--backends cpu/segments --images 1 --agreement 1 --seconds 1 --batch 1 --no-report'.split(' '),
  predict: ['--backend', 'cpu'],
  eval: ['--threads', '1'],
  train: '--epochs 1 --batch 2 --micro-batch 2 --threads 1 --width 8 --depth 7'.split(' '),
  finetune: '--epochs 1 --batch 2 --micro-batch 2 --threads 1'.split(' '),
  detect: '--max 64,64 --limit 1 --threads 1'.split(' '),
  segment: '--max 64,64 --limit 1 --threads 1'.split(' '),
  scenes: ['--test-images', '2'],
  against: '--rounds 1 --limit 1'.split(' '),
};

const smallBench = '--limit 2 --only table5-alignment --threads 1'.split(' ');

/** The nightly's are run on two images and one table; the others say what they would run. */
function smallerOf(page: string, own: string): readonly string[] {
  if (own !== 'bench') return smaller[own] ?? [];
  return page === 'docs/nightly.md' ? smallBench : [...smallBench, '--plan'];
}

/** Values that stand for something else on a page. */
const standsFor: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'datasets/coco/README.md': { FOLDER: 'coco' },
  'datasets/ade20k/README.md': { FOLDER: 'ADEChallengeData2016' },
  'docs/adding-a-pruning-rule.md': { 'fashion-mnist/': 'classes' },
  'docs/nightly.md': { '../release': root },
};

const isOnlyChecked = ({ page, command }: ShownCommand) =>
  readersOwn.test(command) ||
  Object.keys(onlyChecked).some((begins) => page === begins || command.startsWith(begins));
const name = ({ line, command }: ShownCommand) => `line ${line}: ${command}`;

const blocks = pages.filter((page) => !(page in elsewhere)).flatMap(blocksOf);
const programs = blocks.filter(({ language }) => language !== 'sh');
const shell = blocks.filter(({ language }) => language === 'sh');
const fenced = Map.groupBy(shell.flatMap(commandsIn), ({ page }) => page);

let folder: string;
let runner: Runner;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-docs-'));
  mkdirSync(join(folder, 'inputs'));
  mkdirSync(join(folder, 'home'));
  await makeInputs(join(folder, 'inputs'));
  // The rule of docs/adding-a-pruning-rule.md, under the name that its commands know.
  writeFileSync(join(folder, 'inputs/my-rule.ts'), programs.find(({ language }) => language === 'ts')!.text);
  // As at a user's: nothing is silent because of CI.
  const { CI: _, ...env } = process.env;
  runner = startRunner({ ...env, HOME: join(folder, 'home'), INIT_CWD: '' });
});
afterAll(async () => {
  await runner.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** @throws Error where `vssm` does not take these */
async function checkOptions([first, ...args]: readonly string[], whole: boolean): Promise<void> {
  const entry = commands.find((one) => one.name === first);
  if (entry === undefined) throw new Error(`vssm has no command "${first}"`);
  const command = await entry.load();
  for (const one of [command, ...command.commands]) {
    one
      .exitOverride()
      .configureOutput({ writeErr: () => {}, writeOut: () => {} })
      .action(() => {});
  }
  try {
    await command.parseAsync(args, { from: 'user' });
  } catch (error) {
    const { code } = error as CommanderError;
    const isMention =
      /^commander\.(missingArgument|missingMandatoryOptionValue|optionMissingArgument|help)$/.test(code);
    if (code !== 'commander.helpDisplayed' && (whole || !isMention)) throw error;
  }
}

async function check({ command }: ShownCommand, whole: boolean): Promise<void> {
  // What comes before it sets up its surroundings, or reads on from it.
  const [, own] = /((?:pnpm|vssm|npx|node) .*)$/.exec(command) ?? [];
  if (own === undefined) return;
  const meaning = meaningOf(own);
  if (meaning.kind !== 'vssm' || meaning.args.length === 0) return;
  await checkOptions(meaning.args, whole);
  const only = meaning.args.indexOf('--only');
  if (only > 0) expect(experiments.map(({ id }) => id)).toContain(meaning.args[only + 1]);
}

/** The folder in which a page's commands run, with the inputs in it. */
function folderOf(page: string): string {
  const own = join(folder, page.replaceAll(/\W/g, '-'));
  if (!existsSync(own)) {
    mkdirSync(own);
    cpSync(join(folder, 'inputs'), own, { recursive: true });
  }
  return own;
}

async function follow({ page, command, comment }: ShownCommand): Promise<void> {
  const [shown, file] = command.split(' > ');
  const meaning = meaningOf(shown);
  if (meaning.kind !== 'vssm')
    throw new Error(`neither run nor in the list of what is only checked: ${command}`);
  const [own, ...given] = meaning.args;
  if (own === 'serve') return serve();
  await checkOptions(meaning.args, true);
  const args = [
    own,
    ...given.map((word) => standsFor[page]?.[word] ?? places[word] ?? word),
    ...smallerOf(page, own),
  ];
  // "1/4 … 4/4": each share in turn.
  const [, of] = /… (\d+)\/\1/.exec(comment) ?? [];
  for (let share = 1; share <= Number(of ?? 1); share++) {
    const these =
      of === undefined
        ? args
        : args.map((word) => word.replace(`1/${of}`, `${share}/${of}`).replace(/\/1$/, `/${share}`));
    const { code, stdout, stderr } = await runner.run(these, folderOf(page));
    if (code !== 0) throw new Error(`vssm ${these.join(' ')} ended with ${code}: ${stderr}`);
    if (file !== undefined) writeFileSync(join(folderOf(page), file), stdout);
  }
}

/** Until it says where, and answers there. */
async function serve(): Promise<void> {
  const server = spawn(process.execPath, [join(root, 'packages/cli/vssm.js'), 'serve']);
  const ended = once(server, 'exit');
  const [printed] = await once(server.stdout, 'data');
  expect((await fetch(String(printed).trim())).status).toBe(200);
  server.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
}

describe.each([...fenced])('%s', (_, shown) => {
  for (const one of shown) {
    it(name(one), () => (isOnlyChecked(one) ? check(one, true) : follow(one)), 300_000);
  }
});

describe('commands in running text', () => {
  for (const page of pages) {
    for (const one of inlineCommands(page)) it(`${page}, ${name(one)}`, () => check(one, false));
  }
});

describe('examples in the help', () => {
  for (const { name: own, examples } of commands) {
    for (const example of examples) {
      it(example, () => {
        expect(meaningOf(example)).toMatchObject({ kind: 'vssm', args: [own, ...wordsOf(example).slice(2)] });
        return check({ page: '', line: 0, command: example, comment: '' }, true);
      });
    }
  }
});

describe('docs/export.md', () => {
  const program = (language: string) => programs.find((block) => block.language === language)!.text;
  const here = () => folderOf('docs/export.md');

  it('has a program for Node that prints what it says', () => {
    // As a project that has the library installed.
    symlinkSync(join(root, 'packages/backend-cpu/node_modules'), join(here(), 'node_modules'));
    writeFileSync(join(here(), 'run.mjs'), program('js'));
    const { CI: _, ORT_DISABLE_TELEMETRY: __, ...env } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['run.mjs'], {
      cwd: here(),
      encoding: 'utf8',
      env: { ...env, HOME: here() },
    });
    expect(status, stderr).toBe(0);
    // It turns the library's reports off in time.
    expect(existsSync(join(here(), '.cache'))).toBe(false);
    const [, promised] = /console\.log\(.*\/\/ (.*)$/m.exec(program('js'))!;
    expect(stdout.replaceAll(/\s/g, '')).toBe(promised.replaceAll(/\s/g, ''));
  });

  it('has a program for Python that fits the exported file', () => {
    const text = program('python');
    const [, file] = /InferenceSession\("(.*)"\)/.exec(text)!;
    const { graph, metadata_props } = decodeModel(readFileSync(join(here(), file)));
    const [, outputs, input, shape] =
      /^(.*) = session\.run\(None, \{"(\w+)": np\.zeros\(\((.*)\), np\.float32\)/m.exec(text)!;
    expect(outputs.split(', ')).toEqual(graph.output.map(({ name }) => name.replace('.', '')));
    expect(graph.input.map(({ name }) => name)).toEqual([input]);
    const axes = shape.split(', ').map((size) => ({ dim_value: Number(size) }));
    expect(graph.input[0].type?.tensor_type.shape?.dim.slice(1)).toEqual(axes.slice(1));
    const [, key, value] = /custom_metadata_map\["(.*)"\]\) {2}# (.*)/.exec(text)!;
    expect(metadata_props).toContainEqual({ key, value });
  });

  it.runIf(spawnSync('python3', ['-c', 'import numpy, onnxruntime']).status === 0)(
    'has a program for Python that runs',
    () => {
      const { status, stdout, stderr } = spawnSync('python3', ['-c', program('python')], {
        cwd: here(),
        encoding: 'utf8',
      });
      expect(status, stderr).toBe(0);
      expect(stdout.trim()).toBe(/# (\S+)\n?$/.exec(program('python'))![1]);
    },
  );
});

describe('programs', () => {
  it('are those that are run here', () => {
    const found = programs.map(({ page, language }) => `${page}: ${language}`);
    expect(found).toEqual([
      'docs/adding-a-pruning-rule.md: ts',
      'docs/export.md: js',
      'docs/export.md: python',
    ]);
  });
});

describe('the lists above', () => {
  it('name nothing that is no more', () => {
    const all = [...fenced.values()].flat();
    for (const begins of Object.keys(onlyChecked)) {
      const held = all.some(({ page, command }) => page === begins || command.startsWith(begins));
      expect(held, begins).toBe(true);
    }
    for (const [page, test] of Object.entries(elsewhere)) {
      expect(blocksOf(page).length, page).toBeGreaterThan(0);
      expect(readFileSync(join(import.meta.dirname, test), 'utf8')).toContain(page.split('/').at(-1));
    }
  });
});
