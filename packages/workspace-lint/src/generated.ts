/** Files that follow from others: written by `pnpm generate`, held by the tests. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dependents, mermaid, workspaceGraph } from './dependency-graph.ts';
import { licences } from './licences.ts';
import { resultCode } from './result-code.ts';

const begin = '<!-- generated: pnpm generate -->';
const end = '<!-- end of generated -->';
const beginCode = '<!-- generated: what results are made with -->';
const endCode = '<!-- end of what results are made with -->';

/** Contents by path below the root. */
export function generated(root: string): Readonly<Record<string, string>> {
  const page = 'docs/what-runs-again.md';
  return {
    'packages/report/assets/licences.json': licencesJson(root),
    [page]: withGraph(root, withResultCode(root, readFileSync(join(root, page), 'utf8'))),
  };
}

function licencesJson(root: string): string {
  const text = JSON.stringify;
  const lines = licences(root).map(
    ({ name, version, licence }) =>
      `  { "name": ${text(name)}, "version": ${text(version)}, "licence": ${text(licence)} }`,
  );
  return `[\n${lines.join(',\n')}\n]\n`;
}

function withGraph(root: string, page: string): string {
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`the page lacks "${begin}" and "${end}"`);
  const graph = workspaceGraph(root);
  const rows = [...graph.keys()].map((name) => {
    const others = dependents(graph, name).filter((other) => other !== name);
    return `| ${name} | ${others.length === 0 ? '–' : others.join(', ')} |`;
  });
  const table = ['| a change of | tests these again too |', '|---|---|', ...rows].join('\n');
  return `${before}${begin}\n\n\`\`\`mermaid\n${mermaid(graph)}\n\`\`\`\n\n${table}\n\n${end}${after}`;
}

function withResultCode(root: string, page: string): string {
  const [before, rest] = page.split(beginCode);
  const after = rest?.split(endCode)[1];
  if (after === undefined) throw new Error(`the page lacks "${beginCode}" and "${endCode}"`);
  return `${before}${beginCode}\n\n${resultCode(root)}\n\n${endCode}${after}`;
}
