/**
 * A short run in a separate process, to be cut off from outside: made-up images and answers, real files.
 * Arguments: run folder, ms of every batch, ms by which the clock runs backwards. Says `running` once the first
 * batch is done, and prints the outcome as JSON.
 */
import { miniatureRows, randomArms } from '../../arms.ts';
import { LineProgress } from '../../progress.ts';
import { runBench } from '../../run.ts';
import {
  experimentOf,
  madeUpBackend,
  madeUpDataset,
  opened,
  requestOf,
  sourcesOf,
} from '../../test-support/made-up.ts';

const [out, pause, backwards] = process.argv.slice(2);
if (Number(backwards) > 0) runClockBackwards(Number(backwards));

const backend = madeUpBackend();
const rows = miniatureRows(randomArms).map((row) => ({
  ...row,
  images: 'all' as const,
  plan: { ...row.plan, schedule: row.plan.schedule.map((step, at) => ({ ...step, after: at + 1 })) },
}));

let said = false;
try {
  const outcome = await runBench({
    ...requestOf([], { backend: opened(slowed(backend)) }),
    // The second experiment shares the first one's evaluations.
    experiments: [experimentOf(rows, 'first'), experimentOf(rows.slice(0, 2), 'second')],
    sources: sourcesOf(madeUpDataset(1100, [3, 1007])),
    progress: new LineProgress(process.stderr),
    out,
  });
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
  process.exitCode = outcome.exitCode;
} catch (error) {
  process.stderr.write(`${(error as Error).name}: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

function slowed(fast: typeof backend): typeof backend {
  return {
    ...fast,
    async load(request) {
      const model = await fast.load(request);
      return {
        ...model,
        async run(batch) {
          if (batch.size > 64) await new Promise((resolve) => setTimeout(resolve, Number(pause)));
          const prediction = await model.run(batch);
          if (batch.size > 64 && !said) {
            said = true;
            process.stdout.write('running\n');
          }
          return prediction;
        },
      };
    },
  };
}

/** Every look at the clock finds it earlier than the one before. */
function runClockBackwards(step: number): void {
  const RealDate = Date;
  let time = RealDate.now();
  const now = () => {
    time -= step;
    return time;
  };
  globalThis.Date = class extends RealDate {
    constructor(...given: [] | [number | string | Date]) {
      super(given.length === 0 ? now() : given[0]);
    }
    static override now = now;
  } as DateConstructor;
}
