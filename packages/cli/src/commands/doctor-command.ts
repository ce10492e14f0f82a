/** `vssm doctor`: checks what this machine can run. */
import { Command, Option } from 'commander';
import { groups } from '../options/groups.ts';
import type { DoctorOptions } from './doctor.ts';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check this machine, the backends and the data sets, and say how to fix what is missing')
    .optionsGroup(groups.data)
    .addOption(
      new Option(
        '--imagenet <folder>',
        'where ImageNet-1K validation lies, to check it too; default: unchecked',
      ).env('VSSM_IMAGENET'),
    )
    .optionsGroup(groups.running)
    .option('--browser <file>', 'Chromium, Chrome or Edge for webgpu and wasm; default: what is found here')
    .optionsGroup(groups.output)
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import('./doctor.ts');
      await doctor(options);
    });
}
