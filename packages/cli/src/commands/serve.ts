/** The work of `vssm serve`: the page that runs models in the visitor's own browser, served on this machine alone. */
import { once } from 'node:events';
import { captureEnvironment, codeVersion, gitState, projectVersion } from '@vssm/bench';
import { servePage } from '@vssm/web';

/** Until a signal ends it. @param port 0: any that is free */
export async function serve(port: number): Promise<void> {
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
}
