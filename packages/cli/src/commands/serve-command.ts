/** `vssm serve`: the page. */
import { Command } from 'commander';
import { groups } from '../options/groups.ts';
import { whole } from '../options/numbers.ts';

export function serveCommand(): Command {
  return new Command('serve')
    .description(
      'serve the page that runs models on your own GPU, in your own browser; nothing leaves this machine',
    )
    .optionsGroup(groups.running)
    .option('--port <n>', 'port on 127.0.0.1; 0: any that is free', whole('--port'), 0)
    .action(async ({ port }: { readonly port: number }) => {
      const { serve } = await import('./serve.ts');
      await serve(port);
    });
}
