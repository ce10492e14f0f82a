#!/usr/bin/env node
/** The `vssm` command: parses arguments, runs one command, prints its result or its error. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { type CommandEntry, commands } from './commands.ts';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/** Whoever reads our output may stop reading, `head` for instance: that is no error of ours. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const program = new Command('vssm')
  .description(
    'Token pruning in vision state space models: measure it, export it, check it against the paper.',
  )
  .version(version)
  .showHelpAfterError('(vssm --help lists the commands, vssm COMMAND --help its options)')
  .addHelpText('after', '\nvssm COMMAND --help lists the options of a command, and examples.');

const [first, second] = process.argv.slice(2);
const asked = first === 'help' ? second : first;
for (const entry of commands) program.addCommand(await commandOf(entry));

try {
  await program.parseAsync();
} catch (error) {
  const { explain } = await import('./errors.ts');
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}

/** The command itself if it is the one that was asked for, else only what a list shows of it. */
async function commandOf(entry: CommandEntry): Promise<Command> {
  if (entry.name !== asked) return new Command(entry.name).description(entry.description);
  const command = await entry.load();
  return command.addHelpText(
    'after',
    ['', 'Examples:', ...entry.examples.map((line) => `  ${line}`)].join('\n'),
  );
}
