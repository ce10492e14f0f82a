/** What of this machine, these backends and data sets is usable, and the fix for what is not. */

import { existsSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { type BackendName, backendNames } from '@vssm/backend';
import { defaultPath, probeBackend } from '@vssm/bench';
import { readCheckpoint } from '@vssm/checkpoints';
import { counted } from '@vssm/core';
import { openFashionMnist, openImageNet } from '@vssm/datasets';
import { explain } from '../errors.ts';
import { embeddedCheckpoint } from '../options/model.ts';
import { type OutputOptions, printResult } from '../output.ts';

export interface DoctorOptions extends OutputOptions {
  readonly imagenet?: string;
  readonly browser?: string;
}

interface Finding {
  readonly kind: 'machine' | 'backend' | 'dataset' | 'checkpoint';
  readonly name: string;
  readonly usable: boolean;
  readonly details: string;
  readonly fix?: string;
}

export async function doctor(options: DoctorOptions): Promise<void> {
  const findings: Finding[] = [];
  for (const look of looks(options)) {
    const finding = await look();
    findings.push(finding);
    // At once: what comes next may take its time.
    if (options.json !== true) process.stdout.write(`${line(finding)}\n`);
  }
  if (options.json === true) printResult(options, { findings }, '');
}

function machine(): Finding {
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  const [major, minor] = process.versions.node.split('.').map(Number);
  const usable = major > 22 || (major === 22 && minor >= 18);
  return {
    kind: 'machine',
    name: `${process.platform} ${process.arch}`,
    usable,
    details: `Node ${process.versions.node}, ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${counted(availableParallelism(), 'core')}, ${gigabytes} GiB`,
    ...(!usable && {
      fix: 'Node 22.18 or newer runs TypeScript unbuilt: npx -y -p node@24 -p pnpm -c "pnpm vssm doctor"',
    }),
  };
}

/** In turn: each of two browsers would slow the start of the other. */
function looks(options: DoctorOptions): readonly (() => Finding | Promise<Finding>)[] {
  return [
    machine,
    ...backendNames.map((name) => () => lookAtBackend(name, options)),
    fashionMnist,
    () => imageNet(options),
    checkpoint,
  ];
}

async function lookAtBackend(name: BackendName, options: DoctorOptions): Promise<Finding> {
  const path = defaultPath(name);
  const { backend } = await path.open(options);
  const probe = await probeBackend(path, backend, options);
  return probe.available
    ? { kind: 'backend', name, usable: true, details: Object.values(probe.details).join(', ') }
    : { kind: 'backend', name, usable: false, details: probe.reason, fix: probe.fix };
}

async function fashionMnist(): Promise<Finding> {
  const name = 'Fashion-MNIST (embedded)';
  return attempt(
    { kind: 'dataset', name, fix: 'check the files under datasets/fashion-mnist out again' },
    async () => {
      const dataset = await openFashionMnist();
      await dataset.close();
      return `${counted(dataset.samples.length, 'test image')}, SHA-256 ${dataset.checksum.slice(0, 12)}…`;
    },
  );
}

async function imageNet({ imagenet }: DoctorOptions): Promise<Finding> {
  const name = 'ImageNet-1K validation';
  const fix =
    'see datasets/imagenet/README.md for the layouts, then --imagenet FOLDER or VSSM_IMAGENET=FOLDER';
  if (imagenet === undefined) {
    return { kind: 'dataset', name, usable: false, details: 'no folder given', fix };
  }
  return attempt({ kind: 'dataset', name, fix }, async () => {
    const dataset = await openImageNet(imagenet);
    await dataset.close();
    return `${counted(dataset.samples.length, 'image')} of ${counted(dataset.classes.length, 'class', 'classes')} in ${imagenet}`;
  });
}

async function checkpoint(): Promise<Finding> {
  const name = 'vim-nano-fmnist (embedded)';
  return attempt({ kind: 'checkpoint', name, fix: 'check datasets/fashion-mnist out again' }, async () => {
    if (!existsSync(embeddedCheckpoint)) throw new Error(`${embeddedCheckpoint} is missing`);
    const file = await readCheckpoint(embeddedCheckpoint);
    return `${file.tensors.size} tensors, SHA-256 ${file.sha256.slice(0, 12)}…`;
  });
}

async function attempt(
  what: Pick<Finding, 'kind' | 'name'> & { readonly fix: string },
  check: () => Promise<string>,
): Promise<Finding> {
  const { kind, name, fix } = what;
  try {
    return { kind, name, usable: true, details: await check() };
  } catch (error) {
    return { kind, name, usable: false, details: explain(error).replace(/^error: /, ''), fix };
  }
}

function line({ kind, name, usable, details, fix }: Finding): string {
  const mark = usable ? '✓' : '✗';
  return `${mark} ${kind.padEnd(10)} ${name}: ${details}${fix === undefined ? '' : `\n             fix: ${fix}`}`;
}
