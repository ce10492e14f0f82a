/** How the addon is found, built and refused. What it computes is in scan.test.ts, conv.test.ts and kernels.test.ts. */
import { execFile } from 'node:child_process';
import { chmod, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoadOptions, loadAddon } from './addon.ts';
import { hash } from './cache.ts';
import { findCompiler } from './compiler.ts';

const execute = promisify(execFile);
const compiler = await findCompiler();
const withCompiler = describe.skipIf('reason' in compiler);

let scratch: string;
let counter = 0;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'vssm-kernels-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const newFolder = () => join(scratch, `cache-${counter++}`);
const load = (options: Partial<LoadOptions> = {}) =>
  loadAddon({ check: () => undefined, folders: [newFolder()], ...options });

/** A program that answers as a compiler does when asked for its macros, and otherwise runs `rest`. */
async function madeUpCompiler(rest: string): Promise<NodeJS.ProcessEnv> {
  const file = join(scratch, `cc-${counter++}`);
  await writeFile(file, `#!/bin/sh\ncase "$*" in *-dM*) echo '#define made_up 1';; *) ${rest};; esac\n`);
  await chmod(file, 0o700);
  return { CC: file, PATH: '/bin:/usr/bin' };
}

/** Runs a module in a separate process; what it prints, one JSON value. */
async function inProcess(code: string, environment: NodeJS.ProcessEnv): Promise<unknown> {
  const { stdout } = await execute(process.execPath, ['--input-type=module', '-e', code], {
    env: environment,
  });
  return JSON.parse(stdout);
}

const kernels = JSON.stringify(new URL('../index.ts', import.meta.url).href);
const addon = JSON.stringify(new URL('./addon.ts', import.meta.url).href);

describe('threads', () => {
  /** Loads the addon, then once more in a thread that would find fault with it; whether each has it. */
  const inThread = (check: string) => `
    const { Worker, isMainThread, parentPort } = await import('node:worker_threads');
    const { nativeAddon } = await import(${addon});
    const { once } = await import('node:events');
    const own = await nativeAddon(() => ${check});
    const code = \`(async () => {
      const { parentPort } = await import('node:worker_threads');
      const { nativeAddon } = await import(${addon});
      const { available, file, reason } = await nativeAddon(() => 'asked again');
      parentPort.postMessage({ available, file, reason });
    })()\`;
    const [theirs] = await once(new Worker(code, { eval: true }), 'message');
    console.log(JSON.stringify([own, theirs].map(({ available, file, reason }) => ({ available, file, reason }))));`;

  it.skipIf('reason' in compiler)('open the library that the first one has checked', async () => {
    const [own, theirs] = (await inProcess(inThread('undefined'), process.env)) as unknown[];
    expect(own).toMatchObject({ available: true });
    expect(theirs).toEqual(own);
  });

  it.skipIf('reason' in compiler)('do without one in which it has found a fault', async () => {
    const [own, theirs] = (await inProcess(inThread("'wrong'"), process.env)) as unknown[];
    expect(own).toMatchObject({ available: false, reason: 'it fails its self-check: wrong' });
    expect(theirs).toEqual(own);
  });
});

describe('without native kernels', () => {
  const create = `
    const { createKernels, createMemory } = await import(${kernels});
    const answer = await createKernels(createMemory()).then(
      (own) => own.implementation,
      (error) => error.name + ': ' + error.message,
    );
    console.log(JSON.stringify(answer));`;

  it('runs as WebAssembly where no compiler is on the path', async () => {
    expect(await inProcess(create, { PATH: scratch })).toBe('wasm');
  });

  it.skipIf(process.platform === 'win32')('says once that a compiler there is does not do', async () => {
    const environment = await madeUpCompiler('echo no room left >&2; exit 1');
    const twice = `${create}\nawait createKernels(createMemory());`;
    const run = (more: NodeJS.ProcessEnv) =>
      execute(process.execPath, ['--input-type=module', '-e', twice], { env: { ...environment, ...more } });
    const { stdout, stderr } = await run({});
    expect(JSON.parse(stdout)).toBe('wasm');
    expect(stderr.match(/no room left; WebAssembly ones run instead/g)).toHaveLength(1);
    expect((await run({ VSSM_KERNELS: 'wasm' })).stderr).toBe('');
    expect(
      (await execute(process.execPath, ['--input-type=module', '-e', twice], { env: { PATH: scratch } }))
        .stderr,
    ).toBe('');
  });

  it('says why to those who insist', async () => {
    const tried = process.platform === 'win32' ? 'it is not built on Windows' : 'no C compiler was found';
    expect(await inProcess(create, { PATH: scratch, VSSM_KERNELS: 'native' })).toContain(
      `UserError: there are no native kernels: ${tried}`,
    );
  });

  it('is left alone by those who choose WebAssembly', async () => {
    expect(await inProcess(create, { ...process.env, VSSM_KERNELS: 'wasm' })).toBe('wasm');
  });
});

describe.skipIf(process.platform === 'win32')('is absent, with a reason, when', () => {
  it('no compiler answers', async () => {
    const environment = { CC: 'nothing-of-that-name -m64', PATH: scratch };
    expect(await load({ environment })).toEqual({
      available: false,
      reason: 'no C compiler was found (tried nothing-of-that-name -m64, cc, gcc, clang)',
    });
  });

  it('the compiler fails', async () => {
    const environment = await madeUpCompiler('echo no room left >&2; exit 1');
    const loaded = await load({ environment });
    expect(loaded).toMatchObject({ available: false, reason: expect.stringContaining('no room left') });
  });

  it('the compiler writes nothing, or something that is no library', async () => {
    for (const rest of ['exit 0', 'while [ "$1" != -o ]; do shift; done; echo rubbish > "$2"']) {
      const folder = newFolder();
      const loaded = await load({ environment: await madeUpCompiler(rest), folders: [folder] });
      expect(loaded).toMatchObject({ available: false, reason: expect.stringContaining('.node') });
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it('no folder can be written', async () => {
    const file = join(scratch, 'a-file');
    await writeFile(file, '');
    const environment = await madeUpCompiler('exit 0');
    const loaded = await load({ environment, folders: [join(file, 'below')] });
    expect(loaded).toMatchObject({
      available: false,
      reason: expect.stringContaining('no folder for the compiled kernels can be written'),
    });
  });
});

withCompiler('with a compiler', () => {
  /** The compiler without its optimisations: less than half the time, for builds of which nothing is computed. */
  let environment: NodeJS.ProcessEnv;
  /** A folder with what it builds, and the library's name. */
  let built: { readonly folder: string; readonly name: string };
  beforeAll(async () => {
    if ('reason' in compiler) return;
    const file = join(scratch, 'quick-cc');
    await writeFile(file, `#!/bin/sh\nexec ${compiler.command} "$@" -O0\n`);
    await chmod(file, 0o700);
    environment = { ...process.env, CC: file };
    const folder = newFolder();
    const loaded = await load({ environment, folders: [folder] });
    if (!loaded.available) throw new Error(loaded.reason);
    built = { folder, name: basename(loaded.file) };
  });

  /** A folder of its own with the library that was built. */
  async function copyOfBuilt(): Promise<string> {
    const folder = newFolder();
    await cp(built.folder, folder, { recursive: true });
    return folder;
  }

  it('builds once and finds it again, in the first folder that can be written', async () => {
    const file = join(scratch, 'another-file');
    await writeFile(file, '');
    const folders = [join(file, 'below'), newFolder()];
    const first = await load({ folders });
    const second = await load({ folders });
    expect(first.available).toBe(true);
    expect(second).toEqual({ ...first, addon: expect.anything() });
    expect(await readdir(folders[1])).toHaveLength(1);
  });

  it('is absent when its self-check fails', async () => {
    const folders = [await copyOfBuilt()];
    expect(await load({ environment, folders, check: () => 'the scan is off by 1' })).toEqual({
      available: false,
      reason: 'it fails its self-check: the scan is off by 1',
      broken: true,
    });
  });

  it('rebuilds a cached library whose content has changed', async () => {
    const folder = await copyOfBuilt();
    const { name } = built;
    const damaged = (await readFile(join(folder, name))).subarray(0, 9000);
    await rm(join(folder, name));
    await writeFile(join(folder, name), damaged);
    expect(await load({ environment, folders: [folder] })).toMatchObject({ available: true });
    expect(await readdir(folder)).toEqual([name]);
    expect((await readFile(join(folder, name))).length).toBeGreaterThan(9000);
  });

  it('rebuilds a cached library that is sound but cannot be loaded here', async () => {
    const folder = await copyOfBuilt();
    const { name } = built;
    await rm(join(folder, name));
    const foreign = Buffer.from('a library of another system');
    await writeFile(join(folder, `${name.split('-')[0]}-${hash(foreign)}.node`), foreign);
    expect(await load({ environment, folders: [folder] })).toMatchObject({ available: true });
    expect(await readdir(folder)).toEqual([name]);
  });

  it('may be built by several processes and threads at once', async () => {
    const folder = newFolder();
    const thread = `
      import { parentPort } from 'node:worker_threads';
      import { loadAddon } from ${addon};
      const loaded = await loadAddon({ check: () => undefined, folders: [${JSON.stringify(folder)}] });
      parentPort.postMessage(loaded.available || loaded.reason);`;
    const code = `
      import { Worker } from 'node:worker_threads';
      const answers = [1, 2].map(() => new Promise((resolve, reject) => {
        new Worker(${JSON.stringify(thread)}, { eval: true }).on('message', resolve).on('error', reject);
      }));
      console.log(JSON.stringify(await Promise.all(answers)));`;
    const answers = await Promise.all([1, 2].map(() => inProcess(code, environment)));
    expect(answers).toEqual([
      [true, true],
      [true, true],
    ]);
    const names = await readdir(folder);
    expect(names.length).toBeGreaterThan(0);
    expect(names.every((name) => name.endsWith('.node'))).toBe(true);
  });
});
