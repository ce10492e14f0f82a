/** `vssm doctor`: checks what this machine can run. */
import { Command } from 'commander';
import type { DoctorOptions } from './doctor.ts';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check this machine, the backends and the data sets, and say how to fix what is missing')
    .option(
      '--imagenet <folder>',
      'where ImageNet-1K validation lies, to check that too',
      process.env.VSSM_IMAGENET,
    )
    .option('--browser <file>', 'Chromium, Chrome or Edge for webgpu and wasm; default: what is found here')
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import('./doctor.ts');
      await doctor(options);
    });
}
