import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from './errors.ts';
import { completePlan } from './pruning/plan.ts';
import { ruleOf } from './pruning/rules/loaded.ts';
import { loadRule } from './rule-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'vssm-rule-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function written(text: string): string {
  const file = join(folder, `rule-${++count}.ts`);
  writeFileSync(file, text);
  return file;
}
const sound = (name: string) =>
  `import type { Rule } from '@vssm/core/rule';
   export default { name: '${name}', signals: ['u'], score: ({ length }) => new Array(length).fill(1) } satisfies Rule<'u'>;`;

describe('loadRule', () => {
  it('loads TypeScript from anywhere, and makes the rule known by its hash', async () => {
    const file = written(sound('mine'));
    const loaded = await loadRule(file);
    expect(loaded).toMatchObject({ name: 'mine', file });
    expect(loaded.sha256).toMatch(/^[0-9a-f]{64}$/);
    const { name, sha256 } = loaded;
    expect(ruleOf(completePlan({ schedule: [], rule: { name, sha256 } }))).toBe(loaded.rule);
  });

  it('loads a rule that pairs', async () => {
    const { rule } = await loadRule(
      written(sound('pairs').replace(/score: .* satisfies/, 'pair: () => [[1, 2]] } satisfies')),
    );
    expect(rule.pair?.(undefined as never, 1)).toEqual([[1, 2]]);
  });

  it('takes an edited file for another rule, and refuses it where the first was expected', async () => {
    const file = written(sound('first'));
    const { sha256 } = await loadRule(file);
    expect((await loadRule(file, sha256)).name).toBe('first');
    writeFileSync(file, sound('second'));
    expect((await loadRule(file)).name).toBe('second');
    await expect(loadRule(file, sha256)).rejects.toThrow(`rule ${file} has changed since the run began`);
  });

  it.each([
    ['no default export', 'export const rule = 1;', 'has no rule as its default export'],
    ['a name with spaces', sound('My rule'), 'name is "My rule", expected up to 40 of a-z'],
    ['a built-in name', sound('evit'), 'name "evit" is a built-in one\'s'],
    [
      'an unknown signal',
      sound('mine').replace("['u']", "['U']"),
      'signals: "U" is none; expected a list of gated,',
    ],
    ['no signals', sound('mine').replace("signals: ['u'],", ''), 'signals: undefined is none'],
    ['no score', sound('mine').replace('score:', 'scores:'), 'score is not a function'],
    ['both', sound('mine').replace('name:', 'pair: () => [], name:'), 'has both score and pair'],
    ['a most that is a number', sound('mine').replace('name:', 'most: 7, name:'), 'most is not a function'],
    ['flops that are a number', sound('mine').replace('name:', 'flops: 7, name:'), 'flops is not a function'],
    ['a syntax error', 'export default {', 'does not load: '],
    ['a throw', 'throw new Error("not today");', 'does not load: Error: not today'],
    ['an import', `import { a } from './a.ts';\n${sound('mine')}`, 'imports ./a.ts: a rule is one file'],
    ['an import over lines', `import {\n  a,\n} from 'lodash';\n${sound('mine')}`, 'imports lodash: a rule'],
    ['an import of effects', `import './a.ts';\n${sound('mine')}`, 'imports ./a.ts: a rule'],
    ['a re-export', `export { a } from './a.ts';\n${sound('mine')}`, 'imports ./a.ts: a rule'],
    [
      'an import() of something',
      `await import(process.argv[2]);\n${sound('mine')}`,
      'imports something: a rule',
    ],
  ])('refuses %s', async (_, text, message) => {
    const file = written(text);
    const loading = loadRule(file);
    await expect(loading).rejects.toThrow(UserError);
    await expect(loading).rejects.toThrow(`rule ${file}`);
    await expect(loading).rejects.toThrow(message);
  });

  it('lets Node’s own modules and types through', async () => {
    const file = written(
      `import { sqrt } from 'node:path';\n${sound('mine')}`.replace('{ sqrt }', '* as path'),
    );
    expect((await loadRule(file)).name).toBe('mine');
  });

  it('says which file is not there', async () => {
    await expect(loadRule(join(folder, 'none.ts'))).rejects.toThrow('none.ts cannot be read: ENOENT');
  });
});
