import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { gpuName } from './gpu-name.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gpu-name-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A file as the driver shows it. */
function gpu(slot: string, model: string): void {
  mkdirSync(join(folder, slot));
  const lines = [`Model: \t\t ${model}`, 'IRQ:   \t\t 180', 'Video BIOS: \t ??.??.??.??.??', ''];
  writeFileSync(join(folder, slot, 'information'), lines.join('\n'));
}

it('is the one kind of GPU there is', () => {
  gpu('0000:4b:00.0', 'NVIDIA A100-SXM4-40GB');
  gpu('0000:4c:00.0', 'NVIDIA A100-SXM4-40GB');
  expect(gpuName(folder)).toBe('NVIDIA A100-SXM4-40GB');
});

it('is all kinds where there are several', () => {
  gpu('0000:4b:00.0', 'NVIDIA A100-SXM4-40GB');
  gpu('0000:01:00.0', 'NVIDIA T400 4GB');
  expect(gpuName(folder)).toBe('one of NVIDIA T400 4GB, NVIDIA A100-SXM4-40GB');
});

it('is said to be unknown where the driver tells nothing', () => {
  expect(gpuName(join(folder, 'none'))).toBe('unnamed NVIDIA GPU');
  mkdirSync(join(folder, '0000:4b:00.0'));
  expect(gpuName(folder)).toBe('unnamed NVIDIA GPU');
});
