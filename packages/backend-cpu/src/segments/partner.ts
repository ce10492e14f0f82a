/** A partner thread: the kernels over its share of the channels, one job after another, until told to stop. */
import { parentPort, workerData } from 'node:worker_threads';
import { float32, type VimSpec } from '@vssm/core';
import { Arena, createKernels, createMemory, type Region, type Rows } from '@vssm/kernels';
import { type Exchange, failure, operations, reductionNames, signalNames, slots } from './exchange.ts';
import type { SharedWeight } from './messages.ts';
import { type ChannelRange, type MixJob, RangeMixer } from './mixer.ts';
import { placeParameters } from './parameters.ts';

export interface PartnerSetup {
  readonly spec: VimSpec;
  readonly weights: readonly SharedWeight[];
  readonly range: ChannelRange;
  /** Most rows at once. */
  readonly rows: number;
  readonly exchange: Exchange;
}

const { spec, weights, range, rows, exchange } = workerData as PartnerSetup;
const { control } = exchange;
const arena = new Arena(createMemory(), { limitBytes: 2 ** 32 });
const parameters = placeParameters(
  arena,
  spec,
  new Map(weights.map(({ name, shape, data }) => [name, float32(shape, new Float32Array(data))])),
);
const wide = () => arena.float32(rows * range.count);
const columns = spec.dtRank + 2 * spec.stateSize;
const local = {
  x: wide(),
  z: wide(),
  uForward: wide(),
  uBackward: wide(),
  deltaForward: wide(),
  deltaBackward: wide(),
  y: wide(),
  projectedForward: arena.float32(rows * columns),
  projectedBackward: arena.float32(rows * columns),
  scores: arena.float32(rows),
  positions: arena.int32(rows),
};
const rowsOf = ({ at }: Region<Float32Array>, stride = range.count): Rows => ({ at, stride });
const mixer = new RangeMixer(
  await createKernels(arena.memory),
  spec,
  parameters,
  {
    x: rowsOf(local.x),
    z: rowsOf(local.z),
    u: { forward: rowsOf(local.uForward), backward: rowsOf(local.uBackward) },
    delta: { forward: rowsOf(local.deltaForward), backward: rowsOf(local.deltaBackward) },
    projected: {
      forward: rowsOf(local.projectedForward, columns),
      backward: rowsOf(local.projectedBackward, columns),
    },
    y: rowsOf(local.y),
    positions: local.positions.at,
    scores: local.scores.at,
  },
  range,
);

type Name = Exclude<keyof typeof local & keyof Exchange, 'positions'>;
const widthOf = (name: Name): number =>
  name === 'scores' ? 1 : name.startsWith('projected') ? columns : range.count;
const take = (name: Name, count: number) =>
  local[name].view().set(exchange[name].subarray(0, count * widthOf(name)));
const give = (name: Name, count: number) =>
  exchange[name].set(local[name].view().subarray(0, count * widthOf(name)));

function work(): void {
  const job: MixJob = {
    block: control[slots.block],
    batch: control[slots.batch],
    length: control[slots.length],
    positionalTaps: control[slots.positionalTaps] === 1,
    gaps: control[slots.gaps] === 1,
  };
  const count = job.batch * job.length;
  if (job.positionalTaps || job.gaps) local.positions.view().set(exchange.positions.subarray(0, count));
  if (control[slots.operation] === operations.convolve) {
    take('x', count);
    mixer.convolve(job);
    give('uForward', count);
    give('uBackward', count);
    return;
  }
  for (const name of [
    'z',
    'deltaForward',
    'deltaBackward',
    'projectedForward',
    'projectedBackward',
  ] as const) {
    take(name, count);
  }
  const signal = signalNames[control[slots.signal]];
  mixer.scan(
    job,
    signal === undefined ? undefined : { signal, reduce: reductionNames[control[slots.reduce]] },
  );
  give('y', count);
  if (signal !== undefined) give('scores', count);
}

parentPort!.postMessage('ready');
for (let done = 0; ; ) {
  Atomics.wait(control, slots.given, done);
  const given = Atomics.load(control, slots.given);
  if (control[slots.operation] === operations.stop) break;
  let outcome = given;
  try {
    work();
  } catch {
    outcome = failure;
  }
  Atomics.store(control, slots.done, outcome);
  Atomics.notify(control, slots.done);
  done = given;
}
