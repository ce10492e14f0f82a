/**
 * Processor time of this machine: what all programs used and what this one did, read before and after something that
 * is timed. The difference is other work, which disturbs a timing.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Counters since some moment, ms of one processor. */
export interface ProcessorReading {
  /** By the clock. */
  readonly wall: number;
  /** Of all processors that this program may run on; null where the system does not tell. */
  readonly everyone: number | null;
  /** Of this process with all its threads. */
  readonly self: number;
  /** Of the processes that it started, ended ones and theirs included; 0 where the system does not tell. */
  readonly children: number;
}

export interface Processors {
  /** Processors that this program may run on. */
  readonly count: number;
  /** ms */
  now(): number;
  read(): ProcessorReading;
}

/** What `/proc` counts in, the same on every Linux that Node runs on. */
const msPerTick = 10;

/** Of the machine that this runs on. */
export function machineProcessors(): Processors {
  const allowed = process.platform === 'linux' ? allowedProcessors() : null;
  return {
    count: allowed?.size ?? cpus().length,
    now: () => performance.now(),
    read() {
      const { user, system } = process.cpuUsage();
      return {
        wall: performance.now(),
        everyone: allowed === null ? everyoneElsewhere() : everyoneOnLinux(allowed),
        self: (user + system) / 1000,
        children: process.platform === 'linux' ? childrenOnLinux() : 0,
      };
    },
  };
}

/** Other systems count no time that a hypervisor took away. */
function everyoneElsewhere(): number | null {
  const times = cpus().map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq);
  return times.length === 0 ? null : times.reduce((sum, ms) => sum + ms, 0);
}

/** Numbers of the processors that this process may run on; null where `/proc` does not say. */
function allowedProcessors(): ReadonlySet<number> | null {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(textOf('/proc/self/status') ?? '')?.[1];
  if (list === undefined) return null;
  const numbers = list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  return new Set(numbers);
}

/** With what a hypervisor took away, which disturbs as other programs do. */
function everyoneOnLinux(allowed: ReadonlySet<number>): number | null {
  const lines = (textOf('/proc/stat') ?? '').matchAll(/^cpu(\d+) (.+)$/gm);
  let ticks = 0;
  let found = 0;
  for (const [, processor, counters] of lines) {
    if (!allowed.has(Number(processor))) continue;
    const [user, nice, system, , , irq = 0, softirq = 0, steal = 0] = counters
      .trim()
      .split(/\s+/)
      .map(Number);
    ticks += user + nice + system + irq + softirq + steal;
    found++;
  }
  return found === 0 || ticks === 0 ? null : ticks * msPerTick;
}

/** Of all descendants that run, and of those that ended and were waited for. */
function childrenOnLinux(): number {
  const processes = new Map<
    number,
    { readonly parent: number; readonly own: number; readonly ended: number }
  >();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // Behind the name, which may hold spaces and brackets: state, parent, …; the times are the 12th to 15th.
    const fields = textOf(`/proc/${name}/stat`)
      ?.replace(/^.*\) /s, '')
      .split(' ')
      .map(Number);
    // One that has just ended.
    if (fields === undefined) continue;
    const [, parent] = fields;
    const [user, system, endedUser, endedSystem] = fields.slice(11, 15);
    processes.set(Number(name), { parent, own: user + system, ended: endedUser + endedSystem });
  }
  const isOurs = (pid: number): boolean => {
    for (let at = processes.get(pid); at !== undefined; at = processes.get(at.parent))
      if (at.parent === process.pid) return true;
    return false;
  };
  let ticks = processes.get(process.pid)?.ended ?? 0;
  for (const [pid, { own, ended }] of processes) if (isOurs(pid)) ticks += own + ended;
  return ticks * msPerTick;
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/**
 * Share of the processors that others used between two readings, 0 … 1; null where the system does not tell, or where the
 * time between them is too short for its counters.
 */
export function otherShare(before: ProcessorReading, after: ProcessorReading, count: number): number | null {
  const wall = after.wall - before.wall;
  if (before.everyone === null || after.everyone === null || wall < shortestReading) return null;
  const everyone = after.everyone - before.everyone;
  const ours = after.self - before.self + (after.children - before.children);
  // Counters that do not even hold our own time are not the machine's.
  if (everyone < ours / 2) return null;
  return Math.min(1, Math.max(0, everyone - ours) / (wall * count));
}

/** ms between two readings from which on a share is right within some hundredths: 20 of the system's ticks. */
const shortestReading = 200;
