/**
 * A whole Vim mixer, as a backend runs it: projections elsewhere (here in plain loops, writing into the kernels'
 * memory), everything between them in the kernels, no tensor copied. Checked against upstream's own output.
 */
import { expect, it } from 'vitest';
import { Arena } from './arena.ts';
import { createKernels } from './kernels.ts';
import type { Rows } from './rows.ts';
import { describeImplementations } from './test-support/implementations.ts';
import { golden, project } from './test-support/mixer.ts';
import { createMemory } from './webassembly.ts';

const batch = 2;
const length = 65;
const width = 32;
const channels = 64;
const states = 16;
const dtRank = 2;
const taps = 4;

describeImplementations('the kernels', (implementation) => {
  it('reproduces the output of an official Vim mixer', async () => {
    const tensor = golden('vim-micro-mixer.safetensors');
    const arena = new Arena(createMemory());
    const kernels = await createKernels(arena.memory, { implementation });
    const rows = (stride: number): Rows => ({ at: arena.float32(batch * length * stride).at, stride });
    const columns = (of: Rows, first: number): Rows => ({ at: of.at + 4 * first, stride: of.stride });
    const parameter = (name: string, map = (value: number) => value) => {
      const region = arena.float32(tensor(name).length);
      region.view().set(tensor(name).map(map));
      return region.at;
    };
    const normed = rows(width);
    const xz = rows(2 * channels);
    const z = columns(xz, channels);
    const projected = rows(dtRank + 2 * states);
    const [u, delta, y, hidden] = [rows(channels), rows(channels), rows(channels), rows(width)];
    const directions = (['forward', 'backward'] as const).map((direction) => {
      const b = direction === 'backward' ? '_b' : '';
      return {
        direction,
        xProj: tensor(`mixer.x_proj${b}.weight`),
        dtProj: tensor(`mixer.dt_proj${b}.weight`),
        conv: {
          weight: parameter(`mixer.conv1d${b}.weight`),
          bias: parameter(`mixer.conv1d${b}.bias`),
        },
        scan: {
          deltaBias: parameter(`mixer.dt_proj${b}.bias`),
          a: parameter(`mixer.A${b}_log`, (log) => -Math.exp(log)),
          d: parameter(`mixer.D${b}`),
        },
      };
    });

    const floats = new Float32Array(arena.memory.buffer);
    floats.set(tensor('block0.normed'), normed.at / 4);
    project(floats, batch * length, normed, width, tensor('mixer.in_proj.weight'), xz);
    for (const { direction, xProj, dtProj, conv, scan } of directions) {
      const size = { batch, length, channels, direction };
      kernels.convSilu({ ...size, taps, x: xz, ...conv, u });
      project(floats, batch * length, u, channels, xProj, projected);
      project(floats, batch * length, projected, dtRank, dtProj, delta);
      const last = direction === 'backward';
      kernels.selectiveScan({
        ...{ ...size, states, delta, ...scan, u, y, accumulate: last },
        b: columns(projected, dtRank),
        c: columns(projected, dtRank + states),
        ...(last ? { gate: { z, scale: 0.5 } } : {}),
      });
    }
    project(floats, batch * length, y, channels, tensor('mixer.out_proj.weight'), hidden);

    const want = tensor('block0.hidden');
    const got = floats.subarray(hidden.at / 4, hidden.at / 4 + want.length);
    let worst = 0;
    for (let i = 0; i < want.length; i++) worst = Math.max(worst, Math.abs(got[i] - want[i]));
    // Values reach 10; float32 throughout. Seen: 2e-6.
    expect(worst).toBeLessThan(1e-5);
  });
});
