/** How the command begins and ends: versions, help, examples, pipes, folders. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { commands } from './commands.ts';
import { loadedBy, packagesOf } from './test-support/loaded-by.ts';

const entry = fileURLToPath(new URL('../vssm.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'vssm-entry-'));
afterAll(() => rmSync(folder, { recursive: true }));

function vssm(args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = folder) {
  return spawnSync(process.execPath, [...args], { cwd, encoding: 'utf8', env: { ...process.env, ...env } });
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const old = `Object.defineProperty(process.versions, 'node', { value: '20.19.0' });`;
const script = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;

describe('vssm', () => {
  it('says its version', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    expect(vssm([entry, '--version']).stdout).toBe(`${version}\n`);
  });

  it('lists every command, and loads none for that', () => {
    const { stdout, files } = loadedBy(['--help']);
    for (const { name } of commands) expect(stdout).toContain(`\n  ${name} `);
    expect(files.map((file) => basename(file))).toEqual([
      'vssm.js',
      'needs-node.js',
      'main.ts',
      'commands.ts',
    ]);
  });

  it.each([
    { args: ['flops', '--model', 'vim-tiny'], needs: ['cli', 'core', 'families'] },
    { args: ['schedule', '--model', 'vim-tiny', '--reduction', '0.9'], needs: ['cli', 'core', 'families'] },
    { args: ['doctor', '--help'], needs: ['cli', 'core'] },
  ])('$args.0 loads what it needs and nothing else', ({ args, needs }) => {
    const { status, files, libraries } = loadedBy(args);
    expect(status).toBe(0);
    expect(packagesOf(files)).toEqual(needs);
    expect(files.filter((file) => /\/(checkpoint|graph|schema)\b/.test(file))).toEqual([]);
    expect(libraries).toEqual(['commander']);
  });

  it('loads detectors for a detector, and readers for a checkpoint', () => {
    expect(packagesOf(loadedBy(['flops', '--model', 'plainmamba-l1-retinanet']).files)).toContain(
      'vision-tasks',
    );
    expect(packagesOf(loadedBy(['flops']).files)).toEqual(['checkpoints', 'cli', 'core', 'families']);
  });

  it('evaluates without what only training needs', () => {
    const { status, files } = loadedBy(['eval', '--limit', '1', '--threads', '1']);
    expect(status).toBe(0);
    expect(packagesOf(files)).toContain('backend-cpu');
    expect(packagesOf(files)).not.toContain('train');
  });

  it('keeps what Node makes of the sources, for the next start', () => {
    // The tests' own folder would come first.
    const users = { NODE_COMPILE_CACHE: undefined };
    vssm([entry, '--help'], users);
    const { stderr } = vssm([entry, '--help'], { ...users, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' });
    expect(stderr).toContain('node_modules/.cache/vssm-code');
    expect(stderr).toMatch(/code cache for ESM \S*main\.ts was accepted/);
  });

  it('loads a command with the description that the list has, and examples that it takes', async () => {
    for (const { name, description, examples, load } of commands) {
      const command = await load();
      expect([command.name(), command.description()]).toEqual([name, description]);
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) {
        const [tool, own] = example.split(' ');
        expect(['vssm', 'pnpm']).toContain(tool);
        expect(own).toBe(name);
        const known = [command, ...command.commands].flatMap(({ options }) =>
          options.map(({ long }) => long),
        );
        for (const [option] of example.matchAll(/--[a-z-]+/g)) expect([...known, '--help']).toContain(option);
      }
    }
    expect(vssm([entry, 'flops', '--help']).stdout).toMatch(/\nExamples:\n {2}vssm flops --model vim-small/);
  });

  it('names the version that is needed where Node is older', () => {
    const { status, stderr } = vssm(['--import', script(old), entry, 'flops']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: Node 20\.19\.0 is too old: vssm needs Node 22\.18 or newer; .*npx .*\n$/);
  });

  it('is not the only entry that names it: every script of the project does', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const ours = Object.entries<string>(scripts).filter(([, line]) => line.startsWith('node '));
    expect(ours.length).toBeGreaterThan(8);
    for (const [npm_lifecycle_event, line] of ours) {
      const given = line.slice('node '.length).split(' ');
      const { status, stderr } = vssm(['--import', script(old), ...given], { npm_lifecycle_event }, root);
      expect({ line, status }).toEqual({ line, status: 1 });
      expect(stderr).toMatch(
        /^error: Node 20\.19\.0 is too old: vssm needs Node 22\.18 or newer; .*npx .*\n$/,
      );
    }
  });

  it.skipIf(process.platform !== 'linux')(
    'runs models where freed memory is kept, and leaves a setting alone',
    () => {
      const tell = script(
        `process.on('exit', () => process.stderr.write('set to ' + process.env.GLIBC_TUNABLES));`,
      );
      const settings = (name: string, env: NodeJS.ProcessEnv) =>
        vssm(['--import', tell, entry, name, '--help'], env).stderr;
      const unset = { GLIBC_TUNABLES: undefined };
      for (const name of ['eval', 'predict', 'bench', 'compare', 'detect', 'segment', 'explain', 'train']) {
        expect(commands.map((command) => command.name)).toContain(name);
        expect(settings(name, unset)).toMatch(
          /^set to glibc\.malloc\.mmap_threshold=\d+:glibc\.malloc\.trim_threshold=\d+$/,
        );
      }
      expect(settings('flops', unset)).toBe('set to undefined');
      // Where the setting is lost on the way it begins no third time.
      expect(settings('eval', { ...unset, VSSM_BEGUN_AGAIN: '1' })).toBe('set to undefined');
      expect(settings('eval', { GLIBC_TUNABLES: 'glibc.malloc.check=0' })).toBe(
        'set to glibc.malloc.check=0',
      );
    },
  );

  it('tells who tries npm the command that installs', () => {
    // Without what npm would look up first: nothing of it is in the cache of a fresh machine.
    const { devDependencies: _, ...own } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    writeFileSync(join(folder, 'package.json'), JSON.stringify(own));
    copyFileSync(join(root, '.npmrc'), join(folder, '.npmrc'));
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const { status, stderr } = spawnSync(npm, ['install', '--offline'], { cwd: folder, encoding: 'utf8' });
    expect(status).not.toBe(0);
    expect(stderr).toContain("run npx -y -p node@24 -p pnpm@12.21.0 -c 'pnpm install'");
    expect(readdirSync(folder)).not.toContain('node_modules');
  });

  it('takes paths from where the user stands, through a package manager too', () => {
    const env = { INIT_CWD: folder, npm_lifecycle_event: 'vssm' };
    const { status, stderr } = vssm([entry, 'export', '--out', 'here.onnx'], env, root);
    expect(status, stderr).toBe(0);
    expect(readFileSync(join(folder, 'here.onnx')).length).toBeGreaterThan(1000);
  });

  it('ends quietly when nobody reads on', async () => {
    const child = spawn(process.execPath, [entry, 'flops', '--model', 'vim-tiny', '--json']);
    child.stdout.destroy();
    let told = '';
    child.stderr.on('data', (text) => {
      told += text;
    });
    const [code] = await once(child, 'close');
    expect({ code, told }).toEqual({ code: 0, told: '' });
  });
});
