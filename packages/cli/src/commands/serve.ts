/** `vssm serve`: the page that runs models in the visitor's own browser, served on this machine alone. */
import { once } from 'node:events';
import { captureEnvironment, codeVersion, gitState, projectVersion } from '@vssm/bench';
import { Command } from 'commander';
import { whole } from '../options/numbers.ts';

export function serveCommand(): Command {
  return new Command('serve')
    .description(
      'serve the page that runs models on your own GPU, in your own browser; nothing leaves this machine',
    )
    .option('--port <n>', 'port on 127.0.0.1; 0: any that is free', whole('--port'), 0)
    .action(async ({ port }: { readonly port: number }) => {
      const { servePage } = await import('@vssm/web');
      const header = {
        projectVersion: projectVersion(),
        git: gitState(),
        // Each run of the page puts its own adapter here.
        environment: captureEnvironment(null),
        code: codeVersion(),
        command: ['vssm', ...process.argv.slice(2)],
        seeds: { randomWeights: 0 },
      };
      const page = await servePage(header, port);
      // Alone on stdout, for whoever opens it by a program.
      process.stdout.write(`${page.url}\n`);
      process.stderr.write(
        'open this address in Chrome, Edge or another browser with WebGPU; Ctrl+C stops the server\n',
      );
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
      await page.close();
    });
}
