/** What `--help` says of options, and what it loads for that. */
import { readFileSync } from 'node:fs';
import { type Command, Help, type Option } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { commands } from './commands.ts';
import { commandsPage } from './commands-page.ts';
import { groups } from './options/groups.ts';
import { loadedBy, packagesOf } from './test-support/loaded-by.ts';

/** Packages, and files of packages, that a list of options may need: names of models, recipes, backends. */
const light = ['backend', 'cli', 'core', 'datasets', 'families', 'graph', 'metrics', 'train', 'vision-tasks'];
const lightFiles = {
  datasets:
    /\/datasets\/src\/(choices|recipe|vision\/recipe|imagenet\/class-orders|image|resample|resize-linear|normalise)\.ts$/,
  graph: /\/graph\/src\/choices\.ts$/,
  train: /\/train\/src\/recipe\/recipe\.ts$/,
};

describe('help', () => {
  it.each(commands)('of $name loads names alone', ({ name }) => {
    const { status, files, libraries } = loadedBy([name, '--help']);
    expect(status).toBe(0);
    expect(light).toEqual(expect.arrayContaining([...packagesOf(files)]));
    expect(libraries).toEqual(['commander']);
    for (const [room, allowed] of Object.entries(lightFiles)) {
      const own = files.filter((file) => file.includes(`/packages/${room}/`));
      expect(own.filter((file) => !allowed.test(file))).toEqual([]);
    }
  });

  const all: Command[] = [];
  beforeAll(async () => {
    const loaded = await Promise.all(commands.map(({ load }) => load()));
    all.push(...loaded.flatMap((command) => [command, ...command.commands]));
  });
  const described = (option: Option) => new Help().optionDescription(option);

  it('is what docs/commands.md says: `pnpm generate` writes it', async () => {
    const page = new URL('../../../docs/commands.md', import.meta.url);
    expect(readFileSync(page, 'utf8')).toBe(await commandsPage());
  });

  it('puts every option under one of the headings', () => {
    const headings: readonly string[] = Object.values(groups);
    for (const { options } of all) {
      for (const { flags, helpGroupHeading } of options) {
        expect(headings, flags).toContain(helpGroupHeading);
      }
    }
  });

  it('says the default of every option that takes a value, once', () => {
    for (const command of all) {
      for (const option of command.options.filter(({ required, mandatory }) => required && !mandatory)) {
        const said = described(option).match(/default: /g) ?? [];
        expect(said, `${command.name()} ${option.flags}`).toHaveLength(1);
      }
    }
  });

  it('names what numbers count', () => {
    const unit =
      /image|pixel|step|thread|class|epoch|block|channel|token|round|sample|pass|minute|seed|patches|port|first n|label|time that/i;
    for (const command of all) {
      for (const option of command.options.filter(({ flags }) => /<n>|<pixels>|<HxW>/.test(flags))) {
        expect(`${option.flags} ${described(option)}`, command.name()).toMatch(unit);
      }
    }
  });
});
