import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type NamedTensors, type Tensor, UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { temporaryFiles, testdata } from '../test-support/temporary-file.ts';
import { readSafetensors } from './read.ts';
import { writeSafetensors } from './write.ts';

const temporary = temporaryFiles();

const everyType: NamedTensors = new Map<string, Tensor>([
  ['u8', { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 255) }],
  ['f32', { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, -2.5, 0, 3e38) }],
  ['i64', { dtype: 'I64', shape: [1, 2], data: BigInt64Array.of(-(2n ** 62n), 7n) }],
  ['f64', { dtype: 'F64', shape: [], data: Float64Array.of(Math.PI) }],
  ['i32', { dtype: 'I32', shape: [2], data: Int32Array.of(-1, 2 ** 30) }],
  ['empty', { dtype: 'F32', shape: [0, 4], data: new Float32Array() }],
  ['naïve "名"', { dtype: 'F32', shape: [1], data: new Float32Array(Float32Array.of(9, 8).buffer, 4, 1) }],
]);

describe('writeSafetensors', () => {
  it('writes what readSafetensors reads, metadata included', async () => {
    const path = await temporary('all.safetensors', new Uint8Array());
    await writeSafetensors(path, everyType, { source: 'a test', empty: '' });
    const { tensors, metadata } = await readSafetensors(path);
    expect(metadata).toEqual({ source: 'a test', empty: '' });
    expect(new Map([...tensors].sort())).toEqual(new Map([...everyType].sort()));
  });

  it('begins the data, and every tensor in them, at a multiple of its element size', async () => {
    const path = await temporary('aligned.safetensors', new Uint8Array());
    await writeSafetensors(path, everyType);
    const bytes = await readFile(path);
    const length = Number(bytes.readBigUInt64LE());
    expect(length % 8).toBe(0);
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
    for (const [name, { data }] of everyType) {
      expect(header[name].data_offsets[0] % data.BYTES_PER_ELEMENT, name).toBe(0);
    }
    expect(bytes.toString('utf8', 8 + length - 8, 8 + length)).toMatch(/} *$/);
  });

  it('refuses names and data that make no file, and leaves the old file alone', async () => {
    const path = await temporary('old.safetensors', Buffer.from('as it was'));
    const one = (name: string, tensor: object) => new Map([[name, tensor as Tensor]]);
    const good = { dtype: 'F32', shape: [1], data: Float32Array.of(1) };
    for (const [tensors, problem] of [
      [one('__metadata__', good), 'cannot be called'],
      [one('__proto__', good), 'refused'],
      [one('x', { ...good, shape: [2] }), 'but its data are 1 elements in a Float32Array'],
      [one('x', { ...good, dtype: 'F64' }), 'of F64, but its data'],
    ] as const) {
      await expect(writeSafetensors(path, tensors)).rejects.toThrow(problem);
      await expect(writeSafetensors(path, tensors)).rejects.toThrow(UserError);
    }
    expect(await readFile(path, 'utf8')).toBe('as it was');
  });

  it('leaves nothing behind where it cannot write or replace', async () => {
    const file = await temporary('folder', new Uint8Array());
    const target = join(dirname(file), 'taken');
    await mkdir(target);
    await expect(writeSafetensors(target, everyType)).rejects.toThrow(`${target}: is a folder`);
    expect((await readdir(dirname(file))).filter((name) => name.endsWith('.partial'))).toEqual([]);
    await expect(writeSafetensors(join(dirname(file), 'no/x'), everyType)).rejects.toThrow(
      'its folder is not there',
    );
  });

  it.skipIf(process.platform === 'win32')(
    'leaves the old file, and no other, when the disk takes no more',
    async () => {
      const path = await temporary('full.safetensors', Buffer.from('as it was'));
      const program = `
        import { writeSafetensors } from ${JSON.stringify(join(import.meta.dirname, 'write.ts'))};
        process.on('SIGXFSZ', () => {});
        const data = new Float32Array(1 << 18);
        try {
          await writeSafetensors(${JSON.stringify(path)}, new Map([['x', { dtype: 'F32', shape: [data.length], data }]]));
        } catch (error) {
          console.log(error.name + ' ' + error.message);
        }`;
      const script = join(dirname(path), 'full.mjs');
      await writeFile(script, program);
      // A limit on the size of files stands for a full disk: both end a write in the middle.
      const { stdout } = await promisify(execFile)('sh', [
        '-c',
        `ulimit -f 64; exec "$0" "$1"`,
        process.execPath,
        script,
      ]);
      expect(stdout).toContain(`UserError ${path}: the file system or a limit`);
      expect(await readFile(path, 'utf8')).toBe('as it was');
      expect((await readdir(dirname(path))).filter((name) => name.endsWith('.partial'))).toEqual([]);
    },
  );
});

describe('readSafetensors', () => {
  it('reads a file that another program wrote', async () => {
    const { tensors, metadata } = await readSafetensors(testdata('a_vim_micro.safetensors'));
    expect(metadata.source).toBe('hustvl/Vim');
    expect(tensors.get('logits_f64')).toMatchObject({ dtype: 'F64', shape: [2, 10] });
    expect(tensors.get('input')).toMatchObject({ dtype: 'F32', shape: [2, 3, 32, 32] });
    const exact = tensors.get('logits_f64')!.data as Float64Array;
    expect([...(tensors.get('logits')!.data as Float32Array)]).toEqual([...exact].map(Math.fround));
  });

  it('reads only what is asked for, and says when it is not there', async () => {
    const path = testdata('a_vim_micro.safetensors');
    expect([...(await readSafetensors(path, { only: ['input'] })).tensors.keys()]).toEqual(['input']);
    await expect(readSafetensors(path, { only: ['inputs'] })).rejects.toThrow('has no tensor "inputs"');
    expect(existsSync(path)).toBe(true);
  });

  it('widens F16, BF16 and BOOL', async () => {
    const header = {
      h: { dtype: 'F16', shape: [1], data_offsets: [0, 2] },
      b: { dtype: 'BF16', shape: [1], data_offsets: [2, 4] },
      t: { dtype: 'BOOL', shape: [2], data_offsets: [4, 6] },
    };
    const data = Buffer.from([0x00, 0xc0, 0x80, 0x3f, 1, 0]);
    const { tensors } = await readSafetensors(await temporary('half', file(JSON.stringify(header), data)));
    expect(tensors.get('h')).toEqual({ dtype: 'F32', shape: [1], data: Float32Array.of(-2) });
    expect(tensors.get('b')).toEqual({ dtype: 'F32', shape: [1], data: Float32Array.of(1) });
    expect(tensors.get('t')).toEqual({ dtype: 'U8', shape: [2], data: Uint8Array.of(1, 0) });
  });

  const entry = (changes: object = {}) => ({ dtype: 'F32', shape: [2], data_offsets: [0, 8], ...changes });
  it.each<[string, string | object, number]>([
    ['its header is not JSON', '{"x":', 8],
    ['its header is not a JSON object', '[]', 0],
    ['names "x" twice', `{"x":${JSON.stringify(entry())},"\\u0078":${JSON.stringify(entry())}}`, 8],
    ['names "dtype" twice', '{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"dtype":"I32"}}', 8],
    ['names a tensor "__proto__"', `{"__proto__":${JSON.stringify(entry())}}`, 8],
    ['names a tensor ""', { '': entry() }, 8],
    ['names a tensor "a\\nb"', { 'a\nb': entry() }, 8],
    ['table of texts', { __metadata__: { a: 1 } }, 0],
    ['"x" has the unknown dtype "F33"', { x: entry({ dtype: 'F33' }) }, 8],
    ['"x" has no dtype', { x: entry({ dtype: { toString: 1 } }) }, 8],
    ['"x" has a malformed shape', { x: entry({ shape: [-2] }) }, 8],
    ['"x" has a malformed shape', { x: entry({ shape: [1.5] }) }, 8],
    ['"x" has a malformed shape', { x: entry({ shape: new Array(17).fill(1) }) }, 8],
    ['"x" has malformed data_offsets', { x: entry({ data_offsets: [8, 0] }) }, 8],
    ['"x" has malformed data_offsets', { x: entry({ data_offsets: [0, 8, 9] }) }, 8],
    ['"x" is [2] of F64, 16 bytes, but has 8', { x: entry({ dtype: 'F64' }) }, 8],
    ['"x" is [4294967296, 4294967296, 4294967296]', { x: entry({ shape: [2 ** 32, 2 ** 32, 2 ** 32] }) }, 8],
    ['the file is truncated', { x: entry({ shape: [2 ** 40], data_offsets: [0, 2 ** 42] }) }, 8],
    ['"y" overlaps', { x: entry(), y: entry({ data_offsets: [4, 12] }) }, 12],
    ['"y" leaves a gap', { x: entry(), y: entry({ data_offsets: [12, 20] }) }, 20],
    ['"x" leaves a gap', { x: entry({ data_offsets: [4, 12] }) }, 12],
    ['4 bytes after its last tensor', { x: entry() }, 12],
    ['stored as C64', { x: entry({ dtype: 'C64', shape: [1] }) }, 8],
  ])('refuses a header: %s', async (problem, header, dataBytes) => {
    const text = typeof header === 'string' ? header : JSON.stringify(header);
    const path = await temporary('hostile', file(text, Buffer.alloc(dataBytes)));
    await expect(readSafetensors(path)).rejects.toThrow(problem);
    await expect(readSafetensors(path)).rejects.toThrow(UserError);
  });

  it('refuses a header longer than the file, or absurdly long', async () => {
    for (const length of [3n, 2n ** 63n]) {
      const bytes = Buffer.concat([Buffer.alloc(8), Buffer.from('{}')]);
      bytes.writeBigUInt64LE(length);
      await expect(readSafetensors(await temporary('long', bytes))).rejects.toThrow('its header declares');
    }
    const padded = file(`{}${' '.repeat(1 << 22)}`, Buffer.alloc(0));
    await expect(readSafetensors(await temporary('long', padded))).rejects.toThrow('more than 4194304');
    await expect(readSafetensors(await temporary('short', Buffer.alloc(5)))).rejects.toThrow('truncated');
  });
});

function file(header: string, data: Uint8Array): Buffer {
  const json = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.byteLength));
  return Buffer.concat([length, json, data]);
}
