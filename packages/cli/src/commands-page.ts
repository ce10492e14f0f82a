/** docs/commands.md: every command with its options, as `--help` has them. */
import { type Command, Help } from 'commander';
import { commands } from './commands.ts';

const head = `# Commands

Every command, with its options as \`pnpm vssm eval --help\` and the like show them, from a clone's root. \`pnpm bench\`,
\`pnpm compare\`, \`pnpm report\` and \`pnpm serve\` are short for \`pnpm vssm bench\` and so on; where an example begins with
\`vssm\`, type \`pnpm vssm\`. A command that fails says why in one line and exits with 1; one that a signal stopped keeps
what it has done, and exits with 130 or 143. This page is written by \`pnpm generate\`.
`;

/** The whole page; the same on every machine. */
export async function commandsPage(): Promise<string> {
  const loaded = await Promise.all(
    commands.map(async ({ load, ...entry }) => ({ ...entry, command: await load() })),
  );
  const index = loaded.map(({ name, description }) => `| [${name}](#${name}) | ${cell(description)} |`);
  const sections = loaded.map(({ name, description, examples, command }) =>
    [
      `## ${name}`,
      `${description[0].toUpperCase()}${description.slice(1)}. For example:`,
      examples.map((example) => `- \`${example}\``).join('\n'),
      ...[command, ...command.commands]
        .filter(({ options }) => options.length > 0)
        .map((one) => (one === command ? '' : `### ${name} ${one.name()}\n\n`) + optionTable(one)),
    ].join('\n\n'),
  );
  return `${[head, ['| command | |', '|---|---|', ...index].join('\n'), ...sections].join('\n\n').replaceAll(/\n{3,}/g, '\n\n')}\n`;
}

function optionTable(command: Command): string {
  const taken = command.registeredArguments.map((argument) => {
    return `| | \`${argument.name()}\` | ${cell(argument.description)} |`;
  });
  let heading = '';
  const options = command.options.map((option) => {
    const own = (option.helpGroupHeading ?? '').replace(/:$/, '');
    const first = own === heading ? '' : own;
    heading = own;
    return `| ${first} | \`${option.flags}\` | ${cell(new Help().optionDescription(option))} |`;
  });
  return ['| | option | |', '|---|---|---|', ...taken, ...options].join('\n');
}

/** What a default is on another machine is not this one's to say. */
function cell(text: string): string {
  return text
    .replace(/all \d+ cores?/, 'all cores')
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;');
}
