/** What the documentation shows: its fenced blocks, and the commands in them, in the text and in the help. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** Every page that a user may read; a new one is in here by itself. */
export const pages: readonly string[] = globSync(
  ['*.md', 'docs/**/*.md', '{packages,datasets,benchmarks}/*/*.md', 'reports/*.md'],
  { cwd: root, exclude: (path) => path.includes('node_modules') },
)
  .filter((page) => page !== 'CHANGELOG.md')
  .toSorted();

export interface Block {
  readonly page: string;
  /** Of its first line, from 1. */
  readonly line: number;
  /** What stands after the fence; `sh` for an indented block that begins with a command. */
  readonly language: string;
  readonly text: string;
}

export interface ShownCommand {
  readonly page: string;
  readonly line: number;
  /** One line: continued ones are joined, the comment is off. */
  readonly command: string;
  readonly comment: string;
}

const commandWord = /^(?:[A-Z_]+=\S+ )*(?:pnpm|vssm|npx|node) /;

export function blocksOf(page: string): readonly Block[] {
  const lines = readFileSync(join(root, page), 'utf8').split('\n');
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at++) {
    const fence = /^\s*```(\w*)/.exec(lines[at]);
    const first = fence === null ? at : at + 1;
    if (fence === null && !(lines[at].startsWith('    ') && commandWord.test(`${lines[at].trim()} `)))
      continue;
    at = first;
    const ends = fence === null ? /^(?! {4})/ : /^\s*```/;
    while (at < lines.length && !ends.test(lines[at])) at++;
    const text = lines.slice(first, at).join('\n');
    blocks.push({ page, line: first + 1, language: fence === null ? 'sh' : fence[1], text });
  }
  return blocks;
}

/** The commands of a shell block, in their order. */
export function commandsIn({ page, line: first, text }: Block): readonly ShownCommand[] {
  const commands: ShownCommand[] = [];
  let whole = '';
  let line = first;
  for (const [at, shown] of text.split('\n').entries()) {
    if (whole === '') line = first + at;
    whole += shown.trim();
    if (whole.endsWith('\\')) {
      whole = whole.slice(0, -1);
      continue;
    }
    const [, command, comment = ''] = /^(.*?)(?:\s*#\s(.*))?$/.exec(whole)!;
    if (command !== '') commands.push({ page, line, command, comment });
    whole = '';
  }
  return commands;
}

/** Commands in running text, in backquotes. */
export function inlineCommands(page: string): readonly ShownCommand[] {
  const fenced = /^[ \t]*```[\s\S]*?^[ \t]*```/gm;
  const text = readFileSync(join(root, page), 'utf8').replaceAll(fenced, (block) =>
    block.replaceAll(/[^\n]/g, ' '),
  );
  return [...text.matchAll(/`([^`]+)`/g)].flatMap(({ 1: quoted, index }) => {
    const command = quoted.replaceAll(/\s+/g, ' ');
    const line = text.slice(0, index).split('\n').length;
    return commandWord.test(`${command} `) ? [{ page, line, command, comment: '' }] : [];
  });
}

/** As a shell cuts it, quotes taken off. */
export function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain,
  );
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly packageManager: string;
  readonly scripts: Readonly<Record<string, string>>;
};

export type Meaning =
  | { readonly kind: 'vssm'; readonly args: readonly string[] }
  /** Something else that exists: a script, a package's script, a file of ours. */
  | { readonly kind: 'other' };

/** @throws Error for a script, package or file that does not exist, or a version that is not the project's */
export function meaningOf(command: string): Meaning {
  return meaningOfWords(wordsOf(command));
}

function meaningOfWords([program, ...rest]: readonly string[]): Meaning {
  if (/^[A-Z_]+=/.test(program)) return meaningOfWords(rest);
  switch (program) {
    case 'vssm':
      return { kind: 'vssm', args: rest };
    case 'npx':
      return byNpx(rest);
    case 'pnpm':
      return byPnpm(rest.filter((word) => word !== '--silent'));
    case 'node':
      return byNode(rest);
    default:
      throw new Error(`"${program}" is no program that the documentation runs`);
  }
}

function byNpx(words: readonly string[]): Meaning {
  if (words.length === 0 || words[0] === 'turbo') return { kind: 'other' };
  const [, node, pnpm, command] = /^-y -p node@(\d+) -p (pnpm@\S+) -c (.+)$/.exec(words.join(' ')) ?? [];
  if (node !== '24' || pnpm !== manifest.packageManager) {
    throw new Error(`npx ${words.join(' ')}: expected node@24 and ${manifest.packageManager}`);
  }
  return meaningOf(command);
}

function byNode([file, ...args]: readonly string[]): Meaning {
  if (!existsSync(join(root, file))) throw new Error(`${file} does not exist`);
  if (/^packages\/cli\/(?:vssm\.js|src\/main\.ts)$/.test(file)) return { kind: 'vssm', args };
  return { kind: 'other' };
}

/** pnpm's own commands, as far as the documentation uses them. */
const ofPnpm = ['install', 'audit'];

function byPnpm([name, ...args]: readonly string[]): Meaning {
  if (ofPnpm.includes(name)) return { kind: 'other' };
  if (name === '--filter') return byPackage(args[0], args[1]);
  // From another folder.
  if (name === '--dir') return byPnpm(args.slice(1));
  const script = manifest.scripts[name];
  if (script === undefined) throw new Error(`package.json has no script "${name}"`);
  const [program, file, ...own] = script.split(' ');
  const found = program === 'node' ? byNode([file, ...own, ...args]) : { kind: 'other' as const };
  if (name === 'vitest') for (const path of args.filter((word) => word.includes('/'))) mustExist(path);
  return found;
}

function byPackage(name: string, script: string): Meaning {
  const file = join(root, name.replace('@vssm/', 'packages/'), 'package.json');
  mustExist(file.slice(root.length));
  const { scripts = {} } = JSON.parse(readFileSync(file, 'utf8'));
  if (scripts[script] === undefined) throw new Error(`${name} has no script "${script}"`);
  return { kind: 'other' };
}

function mustExist(path: string): void {
  if (!existsSync(join(root, path))) throw new Error(`${path} does not exist`);
}
