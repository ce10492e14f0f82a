import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import './no-telemetry.ts';

const module = new URL('./no-telemetry.ts', import.meta.url).href;

/** What a thread with this environment says to the import: undefined when it takes it. */
async function saidOf(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const worker = new Worker(`import(${JSON.stringify(module)})`, { eval: true, env });
  const said = await Promise.race([once(worker, 'error'), once(worker, 'exit')]);
  return said[0] instanceof Error ? said[0].message : undefined;
}

it('sets the variable in the main thread', () => {
  expect(process.env.ORT_DISABLE_TELEMETRY).toBe('1');
});

it('stops a thread whose process was never told', async () => {
  expect(await saidOf({})).toMatch(/ORT_DISABLE_TELEMETRY is not set in this process.*main thread/);
});

it('lets a thread of a process that was told go on', async () => {
  expect(await saidOf({ ...process.env })).toBeUndefined();
});
