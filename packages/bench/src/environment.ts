/** The machine, the versions and the commit that results are measured with. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment, RunRecord } from '@vssm/results';

const projectFolder = fileURLToPath(new URL('../../../', import.meta.url));

/** Libraries that compute, decode or time, each with the package that depends on it. */
const libraries = {
  'onnxruntime-node': '@vssm/backend-cpu',
  sharp: '@vssm/datasets',
  tinybench: '@vssm/bench',
} as const;

/** @param accelerator name of the GPU that models run on; null where it is the processor */
export function captureEnvironment(accelerator: string | null): Environment {
  return {
    node: process.version,
    os: `${type().toLowerCase()} ${release()}`,
    arch: process.arch,
    cpu: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    accelerator,
    libraries: libraryVersions(),
  };
}

function libraryVersions(): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const [library, owner] of Object.entries(libraries)) {
    const version = versionOf(library, owner);
    if (version !== null) versions[library] = version;
  }
  return versions;
}

/** Version of a library as the package that depends on it resolves it; null where it is not installed. */
function versionOf(library: string, owner: string): string | null {
  try {
    const entry = owner === '@vssm/bench' ? import.meta.url : import.meta.resolve(owner);
    const start = createRequire(entry).resolve(library);
    for (let folder = dirname(start); folder !== dirname(folder); folder = dirname(folder)) {
      const file = join(folder, 'package.json');
      if (!existsSync(file)) continue;
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
      if (manifest.name === library) return manifest.version ?? null;
    }
    return null;
  } catch {
    return null;
  }
}

/** The version in the project's package.json. */
export function projectVersion(): string {
  const manifest = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

/** Null where the project is no git checkout, or git is not there to ask. */
export function gitState(folder: string = projectFolder): RunRecord['git'] {
  if (!existsSync(join(folder, '.git'))) return null;
  try {
    const commit = git(folder, ['rev-parse', 'HEAD']);
    const dirty = git(folder, ['status', '--porcelain', '--untracked-files=no']) !== '';
    return /^[0-9a-f]{40,64}$/.test(commit) ? { commit, dirty } : null;
  } catch {
    return null;
  }
}

function git(folder: string, args: readonly string[]): string {
  return execFileSync('git', ['--no-optional-locks', ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 10_000,
  }).trim();
}
