/** Which folders the results of each kind are made with: a table from the same walk over imports that makes the keys. */
import { join } from 'node:path';
import { closureOf, type MadeWith, rooms } from '@vssm/bench/code';

const [family, ...otherFamilies] = rooms.family;

/** Columns of the table. */
const results: Readonly<Record<string, MadeWith>> = {
  ...Object.fromEntries(
    [family, ...otherFamilies].map((own) => [
      `accuracy, ${own}`,
      { work: 'accuracy', backend: 'cpu', dataset: 'imagenet', members: { family: own } },
    ]),
  ),
  'accuracy on Fashion-MNIST': {
    work: 'accuracy',
    backend: 'cpu',
    dataset: 'fashion-mnist',
    members: { family },
  },
  [`speed, ${family}`]: { work: 'speed', backend: 'cpu', members: { family } },
  'accuracy on webgpu': { work: 'accuracy', backend: 'webgpu', dataset: 'imagenet', members: { family } },
  'accuracy of the reference': {
    work: 'accuracy',
    backend: 'reference',
    dataset: 'imagenet',
    members: { family },
  },
  ...Object.fromEntries(
    rooms.head.map((head): [string, MadeWith] => [
      head,
      {
        work: head === 'upernet' ? 'segmentation' : 'detection',
        backend: 'cpu',
        members: { family: otherFamilies[0], head },
      },
    ]),
  ),
};

/** A Markdown table: a folder is marked where a result is made with any of its files. */
export function resultCode(root: string): string {
  const used = Object.values(results).map((made) => {
    const { files } = closureOf(made, join(root, 'packages/'));
    return new Set(files.map(folderOf));
  });
  const folders = [...new Set(used.flatMap((folder) => [...folder]))].sort();
  const names = Object.keys(results);
  return [
    `| an edit in | ${names.join(' | ')} |`,
    `|---|${names.map(() => ':-:').join('|')}|`,
    ...folders.map(
      (folder) => `| ${folder} | ${used.map((own) => (own.has(folder) ? 'again' : '–')).join(' | ')} |`,
    ),
  ].join('\n');
}

/** `core/pruning` for `core/src/pruning/plan.ts`, and deeper down for rooms. */
function folderOf(file: string): string {
  const [name, , ...path] = file.split('/');
  const inside = path.slice(0, -1);
  const all = [...rooms.family, ...rooms.head];
  const room = inside.findIndex((part) => all.includes(part));
  return [name, ...inside.slice(0, Math.max(1, room + 1))].join('/');
}
