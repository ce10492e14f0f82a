import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { codeOf } from './code-of.ts';
import { checkFamilyMentions, familyNames, mentions } from './family-mentions.ts';

const families = ['vim', 'plainmamba'];
const named = (source: string) => mentions(source, families).map(({ line, what }) => `${line} ${what}`);

describe('a mention of a family', () => {
  it.each([
    ["if (spec.family === 'vim') return 1;", ['1 vim']],
    ["a();\nswitch (family) { case 'plainmamba': break; }", ['2 plainmamba']],
    ["const old = name.startsWith('plainmamba-') ? 1 : 2;", ['1 plainmamba-']],
    [
      'const grid: PlainMambaSpec = createVimMixer(plainMambaGrid);',
      ['1 PlainMambaSpec', '1 createVimMixer', '1 plainMambaGrid'],
    ],
    ['const { vim } = families;', ['1 vim']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the text that is read
    ['const text = `${vimSpec({ a: 1 })} and Vim`;', ['1 vimSpec']],
  ])('%s', (source, expected) => {
    expect(named(source)).toEqual(expected);
  });

  it.each([
    "const row = { model: 'vim-small', text: 'Vim has no attention' };",
    '/** Vim’s class token. */\n// plainmamba too\nconst plainKernels = 1;',
    "const names = /'vim'/.test(text);",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the text that is read
    'const text = `a Vim of ${width}, vim`;',
    'const swimming = environment.vimeo;',
  ])('is not %s', (source) => {
    expect(named(source)).toEqual([]);
  });
});

describe('code without comments and strings', () => {
  it('keeps its lines', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the text that is read
    const source = "const a = 'x';\n/* one\n two */ const b = `t\n${c}\n`;\n// end";
    const { code, strings } = codeOf(source);
    expect(code.split('\n')).toHaveLength(source.split('\n').length);
    expect(code).toContain('const b = ');
    expect(code).not.toContain('two');
    expect(strings.map(({ text }) => text)).toEqual(['x', 't\n', '\n']);
  });
});

describe('the workspace', () => {
  const root = mkdtempSync(join(tmpdir(), 'vssm-mentions-'));
  afterAll(() => rmSync(root, { recursive: true }));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };

  it('may name a family in its rooms, in tables and in tests, and nowhere else', () => {
    const mention = "export const own = 'vim';\n";
    write('packages/families/src/vim/spec.ts', mention);
    write('packages/families/src/table.ts', mention);
    write('packages/backend-cpu/src/segments/table.ts', mention);
    write('packages/backend-cpu/src/segments/vim/mixer.ts', mention);
    write('packages/backend-webgpu/src/page/gpu/table.ts', mention);
    write('packages/backend-webgpu/src/page/gpu/vim-mixer.ts', mention);
    write('packages/train/src/table.ts', mention);
    write('packages/train/src/vim/segments.ts', mention);
    write('packages/cli/src/main.test.ts', mention);
    write('benchmarks/cpu/experiment.ts', mention);
    expect(familyNames(root)).toEqual(['vim']);
    expect(checkFamilyMentions(root)).toEqual([]);

    write('packages/cli/src/options.ts', mention);
    write('packages/backend-cpu/src/segments/engine.ts', 'export type Own = VimSpec;\n');
    write('packages/families/src/counts.ts', mention);
    expect(
      checkFamilyMentions(root)
        .map((line) => line.split(':').slice(0, 2).join(':'))
        .sort(),
    ).toEqual([
      'packages/backend-cpu/src/segments/engine.ts:1',
      'packages/cli/src/options.ts:1',
      'packages/families/src/counts.ts:1',
    ]);
  });
});
