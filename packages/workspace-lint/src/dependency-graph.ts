/** Who depends on whom in this workspace, as a Mermaid diagram; read from every package.json. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Direct dependencies inside the workspace by package, names without their scope. */
export function workspaceGraph(root: string): ReadonlyMap<string, readonly string[]> {
  const graph = new Map<string, readonly string[]>();
  for (const group of ['packages', 'benchmarks']) {
    for (const name of readdirSync(join(root, group)).sort()) {
      const file = join(root, group, name, 'package.json');
      if (!existsSync(file)) continue;
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as {
        name: string;
        dependencies?: Readonly<Record<string, string>>;
      };
      const needs = Object.keys(manifest.dependencies ?? {}).filter((other) => other.startsWith('@vssm/'));
      graph.set(manifest.name.slice(6), needs.map((other) => other.slice(6)).sort());
    }
  }
  return graph;
}

/** Everything that a package leads to, itself left out. */
function reached(graph: ReadonlyMap<string, readonly string[]>, from: string): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (name: string) => {
    for (const next of graph.get(name) ?? []) {
      if (found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  visit(from);
  return found;
}

/** Arrows point at what is needed; one that follows from others is left out. */
export function mermaid(graph: ReadonlyMap<string, readonly string[]>): string {
  const arrows = [...graph].flatMap(([name, needs]) =>
    needs
      .filter((need) => !needs.some((other) => other !== need && reached(graph, other).has(need)))
      .map((need) => `  ${name} --> ${need}`),
  );
  return ['graph LR', ...arrows].join('\n');
}

/** What is tested again when a package changes: itself and all that lead to it. */
export function dependents(graph: ReadonlyMap<string, readonly string[]>, name: string): string[] {
  return [...graph.keys()].filter((other) => other === name || reached(graph, other).has(name)).sort();
}
