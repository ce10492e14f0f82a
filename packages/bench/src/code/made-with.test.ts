/** On a copy of the workspace's own sources: what an edit runs again, and what it leaves alone. */
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pruningPlan } from '@vssm/families';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closureOf, codeOf, codeVersion, type MadeWith, membersOf, trainingCode } from './made-with.ts';

const packages = fileURLToPath(new URL('../../../', import.meta.url));

const vim: MadeWith = {
  work: 'accuracy',
  backend: 'cpu',
  dataset: 'fashion-mnist',
  members: { family: 'vim' },
};
const schedule = [{ after: 1, keep: 0.5 }];
const results = {
  vim,
  'vim, evit': { ...vim, members: membersOf('vim', pruningPlan({ schedule, signal: 'evit' })) },
  'vim, l2': { ...vim, members: membersOf('vim', pruningPlan({ schedule, reduce: 'l2' })) },
  'vim, dense': { ...vim, members: membersOf('vim', pruningPlan({ schedule: [] })) },
  'vim on ImageNet': { ...vim, dataset: 'imagenet' },
  'vim, reference': { ...vim, backend: 'reference' },
  'vim, webgpu': { ...vim, backend: 'webgpu' },
  'vim speed': { work: 'speed', backend: 'cpu', members: vim.members },
  plainmamba: { ...vim, members: { family: 'plainmamba' } },
  'mask r-cnn': {
    work: 'detection',
    backend: 'cpu',
    members: { family: 'plainmamba', head: 'maskrcnn' },
  },
  'vim upernet': { work: 'segmentation', backend: 'cpu', members: { family: 'vim', head: 'upernet' } },
} as const satisfies Readonly<Record<string, MadeWith>>;
type Name = keyof typeof results;
const names = Object.keys(results) as Name[];

let copy: string;
let files: string[];
let before: Readonly<Record<Name, string>>;

const codes = () =>
  Object.fromEntries(names.map((name) => [name, codeOf(results[name], copy)])) as Record<Name, string>;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'vssm-sources-'));
  cpSync(packages, copy, {
    recursive: true,
    filter: (path) => !/node_modules|testdata|\.turbo/.test(relative(packages, path)),
  });
  files = readdirSync(copy, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(copy, join(entry.parentPath, entry.name)));
  before = codes();
});
afterAll(() => rmSync(copy, { recursive: true }));

/** Results whose code is another one after an edit of all files that match; the edit is taken back. */
function changedBy(pattern: RegExp): Name[] {
  const edited = files.filter((file) => pattern.test(file));
  expect(edited, String(pattern)).not.toHaveLength(0);
  for (const file of edited) appendFileSync(join(copy, file), '\n');
  const after = codes();
  for (const file of edited) cpSync(join(packages, file), join(copy, file));
  return names.filter((name) => before[name] !== after[name]);
}

const vims: Name[] = ['vim', 'vim, evit', 'vim, l2', 'vim, dense'];
const onCpu: Name[] = [...vims, 'vim on ImageNet', 'vim speed', 'plainmamba', 'mask r-cnn', 'vim upernet'];
/** The page runs backend-cpu's engine too, on WebAssembly; which of the two it is, is decided there. */
const classifiers: Name[] = [...vims, 'vim on ImageNet', 'vim, webgpu', 'vim speed', 'plainmamba'];

describe('an edit of', () => {
  it.each<[string, RegExp, readonly Name[]]>([
    [
      'PlainMamba’s files',
      /^(?!bench).*\/plainmamba(\/(?!scan-order|spec)|\.ts)/,
      ['plainmamba', 'mask r-cnn', 'vim upernet'],
    ],
    ['the Mask R-CNN head', /^vision-tasks\/src\/(masks|region-levels)\.ts$/, ['mask r-cnn']],
    ['a kernel, compiled', /^kernels\/wasm\/kernels\.wasm$/, [...onCpu, 'vim, webgpu']],
    ['a kernel in C', /^kernels\/src\/scan\/scan\.c$/, [...onCpu, 'vim, webgpu']],
    ['the pool of threads', /^backend-cpu\/src\/segments\/pool\.ts$/, classifiers],
    [
      'a loader of one data set',
      /^datasets\/src\/idx\.ts$/,
      [...vims, 'vim, reference', 'vim, webgpu', 'plainmamba'],
    ],
    [
      'a metric',
      /^metrics\/src\/top-k\.ts$/,
      [...vims, 'vim on ImageNet', 'vim, reference', 'vim, webgpu', 'plainmamba'],
    ],
    [
      'the code of l2',
      /^core\/src\/pruning\/rules\/reductions\/l2\.ts$/,
      names.filter((name) => !['vim, evit', 'vim, dense'].includes(name)),
    ],
    [
      'the code of evit',
      /^core\/src\/pruning\/rules\/evit\.ts$/,
      names.filter((name) => !['vim, l2', 'vim, dense'].includes(name)),
    ],
    ['the page of webgpu', /^backend-webgpu\/src\/page\/main\.ts$/, ['vim, webgpu']],
    ['the report, the command line, progress', /^(report|cli)\/src\/|^bench\/src\/progress\.ts$/, []],
    ['every test and what tests share', /\.(test|fuzz)\.ts$|\/test-support\//, []],
    ['the whole core', /^core\/src\/(?!.*test)/, names],
  ])('%s', (_, pattern, expected) => {
    expect(changedBy(pattern)).toEqual(names.filter((name) => expected.includes(name)));
  });
});

describe('a path that is not there', () => {
  const renamed = (file: string, check: () => void) => {
    renameSync(join(copy, file), join(copy, `${file}.away`));
    try {
      check();
    } finally {
      renameSync(join(copy, `${file}.away`), join(copy, file));
    }
  };

  it('is named together with the file that leads there', () => {
    renamed('metrics/src/top-k.ts', () =>
      expect(() => codeOf(vim, copy)).toThrow('leads to metrics/src/top-k.ts, which is not there'),
    );
    renamed('backend-cpu/src/segments/worker.ts', () =>
      expect(() => codeOf(vim, copy)).toThrow(
        'leads to backend-cpu/src/segments/worker.ts, which is not there',
      ),
    );
  });

  it('is named when work is done there', () => {
    renamed('bench/src/speed.ts', () =>
      expect(() => codeVersion(copy)).toThrow('bench/src/speed.ts is not there'),
    );
  });

  it('a name that is gone is named too', () => {
    const file = join(copy, 'metrics/src/index.ts');
    renamed('metrics/src/index.ts', () => {
      appendFileSync(file, "export { Accuracy } from './accuracy.ts';\n");
      expect(() => codeOf(vim, copy)).toThrow(
        'imports "topK" from metrics/src/index.ts, which does not export it',
      );
      rmSync(file);
    });
  });
});

describe('a table', () => {
  const mixings = 'backend-cpu/src/segments/table.ts';
  const written = (text: string, check: () => void) => {
    const file = join(copy, mixings);
    const was = readFileSync(file, 'utf8');
    writeFileSync(file, was.replace('  vim: vimMixing,', text));
    expect(readFileSync(file, 'utf8')).not.toBe(was);
    try {
      check();
    } finally {
      writeFileSync(file, was);
    }
  };

  it('that makes one family of another one’s room gives no key', () => {
    written('  vim: plainMambaMixing as never,', () =>
      expect(() => codeOf(vim, copy)).toThrow(
        'the entry "vim" of backend-cpu/src/segments/table.ts uses plainMambaMixing, which lies in the room of plainmamba',
      ),
    );
  });

  it('of which a file takes one member by its name gives no key', () => {
    const file = join(copy, 'core/src/pruning/rules/mean-row.ts');
    const was = readFileSync(file, 'utf8');
    const taking =
      "import { reductionTable } from './reductions.ts';\nexport const own = reductionTable.clip;\n";
    writeFileSync(file, `${taking}${was}`);
    try {
      expect(() => codeOf(results['vim, evit'], copy)).toThrow(
        'core/src/pruning/rules/mean-row.ts takes "clip" out of the table reductionTable',
      );
    } finally {
      writeFileSync(file, was);
    }
  });

  it('that uses a family beside its entry gives everybody a key with that family', () => {
    written('  vim: vimMixing,\n  other: plainMambaMixing,', () =>
      expect(closureOf(vim, copy).files).toContain('backend-cpu/src/segments/plainmamba/index.ts'),
    );
    expect(closureOf(vim, copy).files).not.toContain('backend-cpu/src/segments/plainmamba/index.ts');
  });
});

describe('what a result is made with', () => {
  it('holds worker threads, compiled kernels and the exact versions of libraries, and no test code', () => {
    const { files: own, libraries } = closureOf(results['vim on ImageNet']);
    expect(own).toContain('backend-cpu/src/segments/worker.ts');
    expect(own).toContain('kernels/wasm/kernels.wasm');
    expect(libraries).toContainEqual(expect.stringMatching(/^sharp@\d+\.\d+\.\d+$/));
    for (const name of names) {
      const test = closureOf(results[name]).files.filter((file) =>
        /test|golden|conformance|random-case/.test(file),
      );
      expect(test, name).toEqual([]);
    }
  });

  it('the code of a run is that of everything that measures', () => {
    expect(codeVersion()).toMatch(/^[0-9a-f]{64}$/);
    expect(codeVersion(copy)).toBe(codeVersion());
  });
});

describe('the code of a training run', () => {
  it('is told with the gradients, the optimiser and the threads that run them', () => {
    const now = trainingCode(copy);
    expect(now).not.toBe(codeVersion(copy));
    for (const file of [
      'train/src/recipe/optimiser.ts',
      'train/src/run/worker.ts',
      'train/src/engine/engine.ts',
    ]) {
      const edited = join(copy, file);
      const was = readFileSync(edited);
      appendFileSync(edited, '// edited\n');
      expect(trainingCode(copy), file).not.toBe(now);
      writeFileSync(edited, was);
      expect(trainingCode(copy)).toBe(now);
    }
  });
});
