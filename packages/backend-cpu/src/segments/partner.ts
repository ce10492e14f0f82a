/** A partner thread: the kernels over its share of the channels, one job after another, until told to stop. */
import { parentPort, workerData } from 'node:worker_threads';
import { float32 } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import {
  Arena,
  createKernels,
  createMemory,
  type KernelImplementation,
  type Region,
  type Rows,
} from '@vssm/kernels';
import { type Exchange, failure, operations, slots } from './exchange.ts';
import type { Extras } from './family.ts';
import type { SharedWeight } from './messages.ts';
import type { ChannelRange, ExtraPlaces, MixJob } from './mixer.ts';
import { mixingOf } from './table.ts';

export interface PartnerSetup {
  readonly spec: ModelSpec;
  readonly weights: readonly SharedWeight[];
  readonly range: ChannelRange;
  /** Most images, and most rows, at once. */
  readonly batch: number;
  readonly rows: number;
  readonly exchange: Exchange;
  readonly implementation: KernelImplementation;
  /** What the mixer leaves for a rule. */
  readonly extras: Extras;
  /** Of each direction in y. */
  readonly share: number;
}

const {
  spec,
  weights,
  range,
  batch: most,
  rows,
  exchange,
  implementation,
  extras,
  share,
} = workerData as PartnerSetup;
const { control } = exchange;
const arena = new Arena(createMemory(), { limitBytes: 2 ** 32 });
const columns = spec.dtRank + 2 * spec.stateSize;

/** What is passed to and fro: a region of this thread's memory for each array of the exchange. */
interface Passage {
  readonly local: Region<Float32Array>;
  readonly shared: Float32Array;
  readonly width: number;
}
const passage = (shared: Float32Array, width: number): Passage => ({
  local: arena.float32(rows * width),
  shared,
  width,
});
const x = passage(exchange.x, range.count);
const z = passage(exchange.z, range.count);
const y = passage(exchange.y, range.count);
const extraPassages = exchange.extras.map((shared) => passage(shared, range.count));
const sets = exchange.sets.map(({ u, delta, projected }) => ({
  u: passage(u, range.count),
  delta: passage(delta, range.count),
  projected: passage(projected, columns),
}));
const positions = arena.int32(rows);

const take = ({ local, shared, width }: Passage, count: number) =>
  local.view().set(shared.subarray(0, count * width));
const give = ({ local, shared, width }: Passage, count: number) =>
  shared.set(local.view().subarray(0, count * width));
const rowsOf = ({ local, width }: Passage): Rows => ({ at: local.at, stride: width });

const mixer = mixingOf(spec).mixer(
  {
    kernels: await createKernels(arena.memory, { implementation }),
    arena,
    spec,
    weights: new Map(weights.map(({ name, shape, data }) => [name, float32(shape, new Float32Array(data))])),
    places: {
      x: rowsOf(x),
      z: rowsOf(z),
      sets: sets.map((own) => ({
        u: rowsOf(own.u),
        delta: rowsOf(own.delta),
        projected: rowsOf(own.projected),
      })),
      y: rowsOf(y),
      positions,
      extras: extraPlaces(),
    },
    share,
    batch: most,
  },
  range,
);

/** In the order of `extraRows`. */
function extraPlaces(): ExtraPlaces {
  const rows = extraPassages.map(rowsOf);
  const directions = rows.splice(0, extras.directions);
  const sum = extras.sum ? rows.shift() : undefined;
  const gatedBackward = extras.gatedBackward ? rows.shift() : undefined;
  return {
    ...(directions.length > 0 && { directions }),
    ...(sum !== undefined && { sum }),
    ...(gatedBackward !== undefined && { gatedBackward }),
  };
}

function work(): void {
  const job: MixJob = {
    block: control[slots.block],
    batch: control[slots.batch],
    length: control[slots.length],
    positionalTaps: control[slots.positionalTaps] === 1,
    gaps: control[slots.gaps] === 1,
    columns: control[slots.columns],
  };
  const count = job.batch * job.length;
  switch (control[slots.operation]) {
    case operations.arrange:
      positions.view().set(exchange.positions.subarray(0, count));
      mixer.arrange(job.batch, job.length, job.columns);
      return;
    case operations.convolve:
      take(x, count);
      mixer.convolve(job);
      for (const { u } of sets) give(u, count);
      return;
    case operations.scan: {
      take(z, count);
      for (const { delta, projected } of sets) {
        take(delta, count);
        take(projected, count);
      }
      const handOut = control[slots.handOut] === 1;
      mixer.scan(job, handOut);
      give(y, count);
      if (handOut) for (const extra of extraPassages) give(extra, count);
      return;
    }
    default:
      throw new Error(`operation ${control[slots.operation]} is not known`);
  }
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
