import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { PickleMemory } from './memory.ts';
import { PickleTruncated } from './reader.ts';
import { type PickleHost, unpickle } from './unpickle.ts';
import { findPlaceholder, PickleDict, Placeholder } from './values.ts';

const host: PickleHost = {
  global: (module, name) => new Placeholder(module, name),
  call: (callable) => callable,
  persistent: (id) => ({ id }),
};

const load = (...parts: (string | number[])[]) =>
  unpickle(Buffer.concat(parts.map((part) => Buffer.from(part as string, 'latin1'))), 0, host).value;

/** Maps instead of PickleDicts, to compare with. */
function plain(value: unknown): unknown {
  if (value instanceof PickleDict) return new Map([...value.entries].map(([k, v]) => [plain(k), plain(v)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

describe('unpickle', () => {
  // Written by Python 3.11: pickle.dumps(value, protocol), as hexadecimal.
  // value = {'a': [1, -2, 3.5, None, True], 'b': (10**12, 2**70, 'é'), 'c': b'\x00\xff', 300: {7}}
  it.each([
    [
      2,
      '80027d71002858010000006171015d7102284b014afeffffff47400c0000000000004e886558010000006271038a060010a5d4e8008a090000000000000000405802000000c3a971048771055801000000637106635f636f646563730a656e636f64650a7107580300000000c3bf710858060000006c6174696e31710986710a52710b4d2c01635f5f6275696c74696e5f5f0a7365740a710c5d710d4b076185710e52710f752e',
    ],
    [
      3,
      '80037d71002858010000006171015d7102284b014afeffffff47400c0000000000004e886558010000006271038a060010a5d4e8008a090000000000000000405802000000c3a971048771055801000000637106430200ff71074d2c01636275696c74696e730a7365740a71085d71094b076185710a52710b752e',
    ],
    [
      4,
      '8004954f000000000000007d94288c0161945d94284b014afeffffff47400c0000000000004e88658c0162948a060010a5d4e8008a090000000000000000408c02c3a99487948c016394430200ff944d2c018f94284b0790752e',
    ],
    [
      5,
      '8005954f000000000000007d94288c0161945d94284b014afeffffff47400c0000000000004e88658c0162948a060010a5d4e8008a090000000000000000408c02c3a99487948c016394430200ff944d2c018f94284b0790752e',
    ],
  ])('reads what Python writes in protocol %i', (protocol, hex) => {
    const value = plain(unpickle(Buffer.from(hex, 'hex'), 0, host).value) as Map<unknown, unknown>;
    expect(value.get('a')).toEqual([1, -2, 3.5, null, true]);
    expect(value.get('b')).toEqual([10 ** 12, 2n ** 70n, 'é']);
    if (protocol >= 3) expect(value.get('c')).toEqual(new Uint8Array([0, 255]));
    else expect(value.get('c')).toEqual(new Placeholder('_codecs', 'encode'));
    if (protocol >= 4) expect(value.get(300)).toEqual([7]);
    else expect(findPlaceholder(value.get(300))?.global).toMatch(/^(__builtin__|builtins)\.set$/);
  });

  it('reads the text opcodes of protocol 0', () => {
    // Python 3.11: pickle.dumps({'k': [1, True, 2**70, 1.5, None, (3,)]}, 0)
    expect(
      plain(
        unpickle(
          Buffer.from(
            '286470300a566b0a70310a286c70320a49310a614930310a614c313138303539313632303731373431313330333432344c0a6146312e350a614e612849330a7470330a61732e',
            'hex',
          ),
          0,
          host,
        ).value,
      ),
    ).toEqual(new Map([['k', [1, true, 2n ** 70n, 1.5, null, [3]]]]));
  });

  it('gives objects that are referred to twice only once', () => {
    const [first, second] = load('(]q\x00h\x00l.') as unknown[];
    expect(first).toBe(second);
  });

  it('reads a list that holds itself, and searches it without end or error', () => {
    const value = load(']q\x00h\x00a.');
    expect((value as unknown[])[0]).toBe(value);
    expect(findPlaceholder(value)).toBeUndefined();
  });

  it('keeps names and calls as placeholders, whatever is done to them', () => {
    for (const program of [
      'cargparse\nNamespace\n.',
      'cargparse\nNamespace\n)\x81}b.',
      'cargparse\nNamespace\n)R(K\x01K\x02u(K\x03e.',
      '(iargparse\nNamespace\n.',
      '(cargparse\nNamespace\no.',
      'cargparse\nNamespace\n)}\x92.',
      '\x8c\x08argparse\x8c\tNamespace\x93.',
    ]) {
      expect(load(program)).toEqual(new Placeholder('argparse', 'Namespace'));
    }
  });

  it('keeps what is made with keywords unknown, whatever the host would make of it', () => {
    const making = { ...host, call: () => 'made' };
    const made = (keywords: string) =>
      unpickle(Buffer.from(`ca\nB\n)${keywords}\x92.`, 'latin1'), 0, making).value;
    expect(made('}')).toBe('made');
    expect(made('}X\x01\x00\x00\x00kK\x01s')).toEqual(new Placeholder('a', 'B'));
  });

  it('says where the pickle ends', () => {
    const bytes = Buffer.from('N.K\x05.', 'latin1');
    const first = unpickle(bytes, 0, host);
    expect(first).toEqual({ value: null, end: 2 });
    expect(unpickle(bytes, first.end, host).value).toBe(5);
  });

  it('tells a truncated pickle from a broken one', () => {
    for (const program of [
      '',
      'K',
      'X\x05\x00\x00\x00abc',
      ']',
      'cos',
      '\x8d\xff\xff\xff\xff\xff\xff\xff\xff',
    ]) {
      expect(() => load(program), JSON.stringify(program)).toThrow(PickleTruncated);
    }
    for (const [program, problem] of [
      ['.', 'takes more from the stack'],
      ['t.', 'mark that was not set'],
      ['(K\x010.', 'takes more from the stack'],
      ['K\x01(R.', 'takes more from the stack'],
      ['h\x07.', 'object 7'],
      ['K\x01)R.', 'not a function'],
      ['}K\x01a.', 'not a list'],
      ['](K\x01K\x02u.', 'not a dictionary'],
      ['}(K\x01u.', 'key without a value'],
      [']}b.', 'not an object'],
      ['K\x01K\x02\x93.', 'not text'],
      ['I1x\n.', 'malformed number'],
      ['F1.0x\n.', 'malformed number'],
      ['Sabc\n.', 'malformed string'],
      ['\x80\x09.', 'protocol 9'],
      ['\xff.', 'opcode 0xff'],
      ['\x82\x01.', 'opcode 0x82'],
      [`L${'9'.repeat(1000)}L\n.`, 'malformed number'],
      ['\x8b\x00\x00\x00\x10.', 'integer of'],
      ['}(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00aK\x02u.', '"a" twice'],
    ]) {
      expect(() => load(program), JSON.stringify(program)).toThrow(problem);
      expect(() => load(program), JSON.stringify(program)).toThrow(UserError);
    }
  });

  it('reads as many operations as there are bytes', () => {
    expect(load(`${'N0'.repeat(600_000)}N.`)).toBeNull();
    const floats = Buffer.alloc(9 * 1_200_000, 'G\x3f\xf8\0\0\0\0\0\0', 'latin1');
    const list = load('](', floats.toString('latin1'), 'e.') as number[];
    expect(list).toHaveLength(1_200_000);
    expect(list.every((value) => value === 1.5)).toBe(true);
  });

  it('stops a pickle whose values would fill the memory', () => {
    const within = (bytes: number, program: string) =>
      unpickle(Buffer.from(program, 'latin1'), 0, host, new PickleMemory(bytes));
    for (const piece of ['}', ']', ')', '2', 'N', 'ca\nb\n', 'C\x01x', 'K\x01Q']) {
      expect(() => within(1 << 16, `(N${piece.repeat(3000)}t.`), piece).toThrow('NODE_OPTIONS');
      expect(within(1 << 16, `(N${piece}t.`).value, piece).toHaveLength(2);
    }
  });
});
