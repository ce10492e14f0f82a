#!/usr/bin/env node
/** The `vssm` command: parses arguments, runs one command, prints its result or its error. */
import { Command } from 'commander';
import { againstCommand } from './commands/against.ts';
import { benchCommand } from './commands/bench-command.ts';
import { compareCommand } from './commands/compare-command.ts';
import { detectCommand } from './commands/detect.ts';
import { doctorCommand } from './commands/doctor.ts';
import { evalCommand } from './commands/eval.ts';
import { experimentCommand } from './commands/experiment.ts';
import { exportCommand } from './commands/export.ts';
import { finetuneCommand } from './commands/finetune.ts';
import { flopsCommand } from './commands/flops.ts';
import { historyCommand } from './commands/history.ts';
import { mergeCommand } from './commands/merge.ts';
import { predictCommand } from './commands/predict.ts';
import { preprocessCommand } from './commands/preprocess-command.ts';
import { reportCommand } from './commands/report-command.ts';
import { scheduleCommand } from './commands/schedule.ts';
import { scoreCommand } from './commands/score.ts';
import { segmentCommand } from './commands/segment.ts';
import { serveCommand } from './commands/serve.ts';
import { trainCommand } from './commands/train.ts';
import { explain } from './errors.ts';

const program = new Command('vssm')
  .description(
    'Token pruning in vision state space models: measure it, export it, check it against the paper.',
  )
  .showHelpAfterError('(vssm --help lists the commands and their options)')
  .addCommand(benchCommand())
  .addCommand(compareCommand())
  .addCommand(mergeCommand())
  .addCommand(historyCommand())
  .addCommand(againstCommand())
  .addCommand(reportCommand())
  .addCommand(flopsCommand())
  .addCommand(scheduleCommand())
  .addCommand(predictCommand())
  .addCommand(evalCommand())
  .addCommand(detectCommand())
  .addCommand(segmentCommand())
  .addCommand(exportCommand())
  .addCommand(trainCommand())
  .addCommand(finetuneCommand())
  .addCommand(experimentCommand())
  .addCommand(preprocessCommand())
  .addCommand(scoreCommand())
  .addCommand(serveCommand())
  .addCommand(doctorCommand());

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
