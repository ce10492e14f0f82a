import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { writeError } from '@vssm/core/files';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './test-support/temporary-folder.ts';

// Run in a shell whose file size limit stands in for a disk that fills up in the middle of a write.
const writer = `
  const { openPredictions } = await import(process.argv[1]);
  const file = openPredictions(process.argv[2]);
  let written = 0;
  try {
    for (;;) {
      file.append([{ index: written, label: 1, top: [1, 2, 3, 4, 5] }]);
      written++;
    }
  } catch (error) {
    console.log(JSON.stringify({ written, name: error.name, message: error.message }));
  }`;

describe('a write that fails', () => {
  it.runIf(process.platform === 'linux')('leaves every finished line and no half one', () => {
    const file = join(temporaryFolder(), 'x.csv');
    const command = 'ulimit -f 2; exec "$0" --input-type=module -e "$1" "$2" "$3"';
    const module = join(import.meta.dirname, 'predictions.ts');
    const { stdout } = spawnSync('sh', ['-c', command, process.execPath, writer, module, file], {
      encoding: 'utf8',
    });
    const { written, name, message } = JSON.parse(stdout);
    expect(name).toBe('UserError');
    expect(message).toContain(`${file}: the file system or a limit`);
    const content = readFileSync(file, 'utf8');
    expect(content.endsWith('\n')).toBe(true);
    expect(content.split('\n')).toHaveLength(written + 2);
  });

  // Linux offers a device that is always full; the error is the one of a full disk.
  it.runIf(existsSync('/dev/full'))('names the file on a full disk', () => {
    let caught: unknown;
    try {
      writeFileSync('/dev/full', 'x');
    } catch (error) {
      caught = writeError('some/results.jsonl', error);
    }
    expect(caught).toBeInstanceOf(UserError);
    expect((caught as Error).message).toContain('some/results.jsonl: the disk is full');
  });

  it('keeps an unknown error as it is', () => {
    const error = new Error('else');
    expect(writeError('x', error)).toBe(error);
  });
});
