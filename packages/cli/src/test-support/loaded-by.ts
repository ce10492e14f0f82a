/** Which of the project's files, and which libraries, a run of the command loads. */
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../vssm.js', import.meta.url));

const watch = `import { registerHooks } from 'node:module';
registerHooks({ resolve: (name, context, next) => {
  const found = next(name, context);
  process.stderr.write(found.url + '\\n');
  return found;
} });`;

/** @param cwd where the command is run */
export function loadedBy(args: readonly string[], cwd = tmpdir()) {
  const hook = `data:text/javascript,${encodeURIComponent(watch)}`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', hook, entry, ...args], {
    cwd,
    encoding: 'utf8',
  });
  const urls = stderr.split('\n').filter((url) => url.startsWith('file:'));
  const libraries = urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
  return {
    status,
    stdout,
    files: urls.filter((url) => !url.includes('/node_modules/')),
    libraries: [...new Set(libraries)].sort(),
  };
}

export function packagesOf(files: readonly string[]): readonly string[] {
  return [...new Set(files.flatMap((file) => /.*\/packages\/([^/]+)\//.exec(file)?.[1] ?? []))].sort();
}
