/** `pnpm fuzz`: damaged inputs for every reader; exits with 1 when one of them is a finding. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Finding, runTarget } from './run-target.ts';
import { findTargets } from './target.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '10000' },
    keep: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const wanted = values.only?.split(',');
const targets = [...findTargets()].filter(([name]) => wanted?.includes(name) ?? true);
if (targets.length === 0)
  throw new Error(`--only ${values.only}: expected some of ${[...findTargets().keys()]}`);

const outcomes: Record<string, unknown> = {};
for (const [name, file] of targets) {
  const began = performance.now();
  const outcome = await runTarget(name, file, { first: Number(values.from), count: Number(values.count) });
  const { read, refused, findings, peakBytes } = outcome;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  outcomes[name] = { read, refused, findings: findings.length, peakBytes, seconds: Number(seconds) };
  const megabytes = Math.round(peakBytes / 1e6);
  process.stderr.write(
    `${name}: ${read} read, ${refused} refused, ${findings.length} findings, ${seconds} s, at most ${megabytes} MB\n`,
  );
  for (const finding of findings.slice(0, 5)) tell(name, finding);
  if (findings.length > 0) process.exitCode = 1;
}
if (values.json) process.stdout.write(`${JSON.stringify(outcomes, null, 2)}\n`);

function tell(target: string, { input, problem, bytes }: Finding): void {
  process.stderr.write(`  ${input}: ${problem}\n`);
  if (values.keep === undefined || bytes === undefined) return;
  const file = join(values.keep, target, input.replace(/[^a-z0-9]+/gi, '-'));
  mkdirSync(join(values.keep, target), { recursive: true });
  writeFileSync(file, bytes);
  process.stderr.write(`  kept as ${file}\n`);
}
