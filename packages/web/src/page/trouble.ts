/** What went wrong, in words for somebody who looks at a page: what it is, and what to do about it here. */
import { DeviceError, type DeviceErrorKind } from '@vssm/backend';
import { UserError } from '@vssm/core';
import { ServerGone } from './server.ts';

export interface Trouble {
  readonly title: string;
  readonly text: string;
}

const words: Readonly<Record<DeviceErrorKind, { readonly title: string; readonly fix: string }>> = {
  'no-browser': {
    title: 'No browser',
    fix: 'open this page in Chrome, Edge, or another browser with WebGPU.',
  },
  'no-provider': { title: 'No runtime', fix: 'reload the page.' },
  'no-adapter': {
    title: 'No WebGPU here',
    fix: 'update the browser and the graphics driver, and look at chrome://gpu; WebAssembly works meanwhile.',
  },
  'adapter-too-small': {
    title: 'This GPU is too small',
    fix: 'use another GPU, a smaller model, or WebAssembly.',
  },
  'device-lost': {
    title: 'The GPU went away',
    fix: 'run again: a new device is asked for. If it happens every time, update the graphics driver.',
  },
  'out-of-memory': {
    title: 'Out of memory',
    fix: 'use a smaller batch or a smaller model, or close other programs and tabs that use the GPU.',
  },
  'page-closed': { title: 'The page was closed', fix: 'reload it.' },
};

/** How runtimes say that memory is short when they throw errors of their own. */
const shortOfMemory = /out of memory|allocation failed|bad_alloc|\bOOM\b/i;

/** What module loaders say when their files cannot be had any more. */
const fileGone = /dynamically imported module|Importing a module script failed|did not start/i;

export function troubleOf(error: unknown): Trouble {
  if (error instanceof DeviceError) {
    const { title, fix } = words[error.kind];
    return { title, text: `${sentence(error.reason)} What to do: ${fix}` };
  }
  if (error instanceof ServerGone) return { title: 'Server stopped', text: sentence(error.message) };
  if (error instanceof UserError) return { title: 'That does not work', text: sentence(error.message) };
  const message = error instanceof Error ? error.message : String(error);
  if (shortOfMemory.test(message)) {
    const { title, fix } = words['out-of-memory'];
    return { title, text: `What to do: ${fix}` };
  }
  if (fileGone.test(message)) return troubleOf(new ServerGone());
  return { title: 'Something unexpected went wrong', text: `Please report it: ${message.split('\n')[0]}` };
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
