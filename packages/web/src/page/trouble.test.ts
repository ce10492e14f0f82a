/** Words for what goes wrong. */
import { DeviceError } from '@vssm/backend';
import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { ServerGone } from './server.ts';
import { troubleOf } from './trouble.ts';

describe('trouble', () => {
  it.each([
    [
      new DeviceError('device-lost', 'the WebGPU device was lost: reset'),
      'The GPU went away',
      /lost: reset\. .*run again/,
    ],
    [
      new DeviceError('no-adapter', 'the browser found no WebGPU adapter'),
      'No WebGPU here',
      /chrome:\/\/gpu/,
    ],
    [
      new DeviceError('out-of-memory', 'WebGPU ran out of memory for 32 images'),
      'Out of memory',
      /smaller batch/,
    ],
    [new RangeError('Array buffer allocation failed'), 'Out of memory', /smaller batch/],
    [new Error('Failed to fetch dynamically imported module: x'), 'Server stopped', /pnpm serve/],
    [new ServerGone(), 'Server stopped', /pnpm serve/],
    [new UserError('batch "0": must be 1'), 'That does not work', /^Batch "0": must be 1\.$/],
    [new Error('boom'), 'Something unexpected went wrong', /report it: boom/],
  ])('%s', (error, title, text) => {
    expect(troubleOf(error)).toMatchObject({ title, text: expect.stringMatching(text) });
  });

  it('never speaks of the command line’s options', () => {
    const error = new DeviceError('adapter-too-small', 'WebGPU adapter "x" is small');
    expect(troubleOf(error).text).not.toContain('--backend');
  });
});
