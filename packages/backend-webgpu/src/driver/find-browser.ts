/** Finds a browser of the Chromium family on this machine. */

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { DeviceError } from '@vssm/backend';

/** Names looked for on PATH, in this order. */
const commands = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'microsoft-edge-stable',
  'microsoft-edge',
  'chrome',
];

/** Where installers put it that add nothing to PATH. */
const elsewhere: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => {
    const base = process.env[name];
    return base === undefined
      ? []
      : [
          join(base, 'Google/Chrome/Application/chrome.exe'),
          join(base, 'Microsoft/Edge/Application/msedge.exe'),
        ];
  }),
};

/**
 * @param given path of the browser to use; default: the first one on PATH, then in the usual places
 * @throws DeviceError `no-browser`
 */
export function findBrowser(given?: string, path = process.env.PATH ?? ''): string {
  if (given !== undefined) {
    if (isExecutable(given)) return given;
    const fix = 'give the path of Chromium, Chrome or Edge';
    throw new DeviceError('no-browser', `browser "${given}" is not a program that can be run here`, { fix });
  }
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const candidates = [
    ...commands.flatMap((command) =>
      path.split(delimiter).map((folder) => join(folder, `${command}${suffix}`)),
    ),
    ...(elsewhere[process.platform] ?? []),
  ];
  const found = candidates.find(isExecutable);
  if (found === undefined) {
    throw new DeviceError('no-browser', 'no browser of the Chromium family was found');
  }
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
