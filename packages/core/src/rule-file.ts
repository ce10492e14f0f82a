/**
 * Loads a user's rule: one TypeScript (or JavaScript) file that the command line names, and nothing else does. Its
 * SHA-256 stands for it in results, so the file is all that the rule may consist of. Node only, which is why this is an
 * entry of its own: pages import the package's main one.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from './errors.ts';
import { builtInRules } from './pruning/rules/built-in.ts';
import { type RuleFile, registerRule } from './pruning/rules/loaded.ts';
import { reductionTable } from './pruning/rules/reductions.ts';
import { type PairingRule, type Rule, ruleNamePattern, signalNames } from './pruning/rules/rule.ts';

/** Which file a worker thread has to load: the one whose rule its plan names. */
export type RuleSource = Pick<RuleFile, 'file' | 'sha256'>;

/**
 * Loads the file and makes its rule known to `ruleOf`, in this thread.
 *
 * @param file as the user wrote it
 * @param expected SHA-256 of the file as another thread has loaded it
 * @throws UserError where the file cannot be read, is no rule, or is not the expected one
 */
export async function loadRule(file: string, expected?: string): Promise<RuleFile> {
  const source = await contentOf(file);
  const sha256 = hashOf(source);
  if (expected !== undefined && sha256 !== expected) throw changed(file);
  refuseImports(file, source.toString('utf8'));
  let module: { readonly default?: unknown };
  try {
    // The hash makes an edited file another module.
    module = await import(`${pathToFileURL(resolve(file)).href}?sha256=${sha256}`);
  } catch (error) {
    throw new UserError(`rule ${file} does not load: ${String(error)}`, { cause: error });
  }
  if (hashOf(await contentOf(file)) !== sha256) throw changed(file);
  const rule = checkedRule(file, module.default);
  const loaded = { name: rule.name, sha256, file, rule };
  registerRule(loaded);
  return loaded;
}

function changed(file: string): UserError {
  return new UserError(`rule ${file} has changed since the run began; run the same command again`);
}

async function contentOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UserError(`rule ${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The type's own module, whose `defineRule` does nothing, and Node's. */
const harmless = /^(?:@vssm\/core\/rule|node:.+)$/;

/** What else a rule imports would run under a hash that does not cover it. Types are gone before anything runs. */
function refuseImports(file: string, source: string): void {
  const statements = /^\s*(?:import|export)\s+(?!type\b)(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]/gm;
  const calls = /\b(?:import|require)\s*\(\s*(?:['"`]([^'"`]+)['"`])?/g;
  for (const match of [...source.matchAll(statements), ...source.matchAll(calls)]) {
    if (match[1] !== undefined && harmless.test(match[1])) continue;
    throw new UserError(
      `rule ${file} imports ${match[1] ?? 'something'}: a rule is one file, whose hash stands for it in results; copy what it needs into it, or import types only`,
    );
  }
}

function checkedRule(file: string, found: unknown): Rule {
  const wrong = (what: string) => new UserError(`rule ${file}: ${what}`);
  if (typeof found !== 'object' || found === null) {
    throw wrong(
      'has no rule as its default export; write export default { name, signals, score(tokens) { … } }, or pair(tokens, leaving)',
    );
  }
  const { name, signals, score, pair, ...rest } = found as Partial<Record<keyof PairingRule, unknown>>;
  if (typeof name !== 'string' || !ruleNamePattern.test(name)) {
    throw wrong(
      `name is ${JSON.stringify(name)?.slice(0, 60)}, expected up to 40 of a-z, 0-9 and hyphens, e.g. "mean-delta"`,
    );
  }
  if (Object.hasOwn(builtInRules, name) || Object.hasOwn(reductionTable, name)) {
    throw wrong(`name "${name}" is a built-in one's; take another`);
  }
  const unknown = Array.isArray(signals) ? signals.find((one) => !signalNames.includes(one)) : signals;
  if (!Array.isArray(signals) || unknown !== undefined) {
    throw wrong(`signals: ${JSON.stringify(unknown)} is none; expected a list of ${signalNames.join(', ')}`);
  }
  if (score !== undefined && pair !== undefined) throw wrong('has both score and pair; write one of them');
  if (typeof (score ?? pair) !== 'function') {
    throw wrong(
      'score is not a function, nor is pair; write score(tokens) { … } or pair(tokens, leaving) { … }',
    );
  }
  for (const optional of ['flops', 'paperFlops', 'most'] as const) {
    if (rest[optional] !== undefined && typeof rest[optional] !== 'function') {
      throw wrong(`${optional} is not a function`);
    }
  }
  return found as Rule;
}
