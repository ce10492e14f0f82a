#!/usr/bin/env node
/** The `vssm` command: parses arguments, runs one command, prints its result or its error. */
import { Command } from 'commander';
import { benchCommand } from './commands/bench-command.ts';
import { doctorCommand } from './commands/doctor.ts';
import { evalCommand } from './commands/eval.ts';
import { exportCommand } from './commands/export.ts';
import { flopsCommand } from './commands/flops.ts';
import { predictCommand } from './commands/predict.ts';
import { preprocessCommand } from './commands/preprocess-command.ts';
import { reportCommand } from './commands/report-command.ts';
import { explain } from './errors.ts';

const program = new Command('vssm')
  .description(
    'Token pruning in vision state space models: measure it, export it, check it against the paper.',
  )
  .showHelpAfterError('(vssm --help lists the commands and their options)')
  .addCommand(benchCommand())
  .addCommand(reportCommand())
  .addCommand(flopsCommand())
  .addCommand(predictCommand())
  .addCommand(evalCommand())
  .addCommand(exportCommand())
  .addCommand(preprocessCommand())
  .addCommand(doctorCommand());

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
