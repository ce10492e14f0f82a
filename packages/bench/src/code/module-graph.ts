/**
 * The source files that an exported function leads to, found by following imports from the file that defines it.
 * Through an index file only the names that are asked for are followed, so that one function of a package brings the
 * files it needs and not the whole package. Packages carry no effects on import, which makes that exact.
 *
 * Test code is never reached from code that runs, and a folder that is named as a whole leaves it out by the names of
 * the workspace: `x.test.ts`, `x.fuzz.ts`, `test-support/`, `testdata/`; so is AssemblyScript (`x.asm.ts`), of which
 * the compiled module is what runs.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { type ModuleText, readModule } from './imports.ts';
import { type Room, type RoomKind, roomOf, rooms } from './rooms.ts';
import { memberTaken, servesOwnMember } from './tables.ts';

/** An export of a package, `@vssm/backend-cpu#cpuBackend`, or a file with all it imports, `bench/src/speed.ts`. */
export type Entry = string;

/** The one member of each kind that is used; a kind that is not named is followed whole. */
export type Members = Readonly<Partial<Record<RoomKind, Room>>>;

const scope = '@vssm/';

/** Packages that carry results without changing them; what they hold has a version of its own in every key. */
const carriers = new Set(['results']);

const testCode = /(?:^|\/)(?:[^/]*\.(?:test|fuzz|asm)\.ts$|(?:test-support|testdata|node_modules)\/)/;

export interface Closure {
  /** Paths below the packages' folder with forward slashes, sorted. */
  readonly files: readonly string[];
  /** Libraries from outside with their exact versions, `onnxruntime-node@1.30.0`, sorted. */
  readonly libraries: readonly string[];
}

export class ModuleGraph {
  readonly #folder: string;
  readonly #modules = new Map<string, ModuleText>();
  readonly #contents = new Map<string, Buffer>();
  readonly #tables = new Map<string, readonly RoomKind[]>();

  /** @param folder of all packages */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Everything that the entries lead to.
   *
   * A table joins the members of one kind (model families, …), each of which has a room of its own (see rooms.ts): a
   * file that leads into several rooms of a kind. What is made with one member depends on that member's room, and
   * the table leads nowhere else (see tables.ts). Any other import of a room counts for everybody.
   *
   * @throws Error naming an entry, an import or a name that is not there, or a table's entry that uses another's room
   */
  closure(entries: readonly Entry[], members: Members = {}): Closure {
    const files = new Set<string>();
    const libraries = new Set<string>();
    const include = (file: string): void => {
      if (files.has(file)) return;
      files.add(file);
      if (!file.endsWith('.ts')) return;
      const { files: named, body } = this.#module(file);
      const edges = this.#edges(file, libraries);
      for (const edge of edges) this.#refuseMemberTaken(file, body, edge);
      for (const target of withoutOtherMembers(file, body, edges, members)) include(target);
      for (const path of named) for (const target of this.#named(file, path)) include(target);
    };
    for (const entry of entries) for (const file of this.#entry(entry, libraries)) include(file);
    return { files: [...files].sort(), libraries: [...libraries].sort() };
  }

  /** What a file imports. */
  #edges(file: string, libraries: Set<string>): Edge[] {
    return this.#module(file).imports.flatMap(({ specifier, names, locals }): Edge[] => {
      if (names === 'everything' || locals === undefined) {
        return this.#targets(file, specifier, names, libraries).map((target) => ({ target, locals: [] }));
      }
      return names.flatMap((name, at) =>
        this.#targets(file, specifier, [name], libraries).map((target) => ({
          target,
          locals: [locals[at]],
        })),
      );
    });
  }

  /** A member that is taken by its name is used whatever a plan says, so it has to come from its own room. */
  #refuseMemberTaken(file: string, body: string, { target, locals }: Edge): void {
    if (!target.endsWith('.ts')) return;
    for (const local of locals) {
      for (const kind of this.#tableOf(target)) {
        const member = memberTaken(body, local, rooms[kind]);
        if (member === undefined) continue;
        throw new Error(
          `result keys: ${file} takes "${member}" out of the table ${local} of ${target}, whose rooms keys leave out; ` +
            'import it from its own file',
        );
      }
    }
  }

  /** The kinds whose members a file joins. */
  #tableOf(file: string): readonly RoomKind[] {
    const found = this.#tables.get(file);
    if (found !== undefined) return found;
    const kinds = kindsJoined(file, this.#edges(file, new Set()));
    this.#tables.set(file, kinds);
    return kinds;
  }

  content(file: string): Buffer {
    const found = this.#contents.get(file);
    if (found !== undefined) return found;
    const content = readFileSync(join(this.#folder, file));
    this.#contents.set(file, content);
    return content;
  }

  #entry(entry: Entry, libraries: Set<string>): readonly string[] {
    if (!entry.startsWith(scope)) {
      if (!existsSync(join(this.#folder, entry))) {
        throw new Error(
          `result keys: ${entry} is not there; name its new place in bench/src/code/made-with.ts`,
        );
      }
      return [entry];
    }
    const [specifier, name] = entry.split('#');
    return this.#targets('result keys', specifier, [name], libraries);
  }

  /** The files that define the names. */
  #targets(
    from: string,
    specifier: string,
    names: readonly string[] | 'everything',
    libraries: Set<string>,
  ): string[] {
    const target = this.#resolve(from, specifier, libraries);
    if (target === null) return [];
    if (names === 'everything') return this.#whole(target, libraries);
    return names.flatMap((name) => {
      const found = this.#definition(target, name, libraries);
      if (found === undefined)
        throw new Error(`${from}: imports "${name}" from ${target}, which does not export it`);
      return found;
    });
  }

  /** A module and all that it re-exports. */
  #whole(file: string, libraries: Set<string>): string[] {
    const further = this.#module(file).reexports.flatMap(({ specifier, names }) =>
      this.#targets(file, specifier, names === undefined ? 'everything' : [...names.values()], libraries),
    );
    return [file, ...further];
  }

  /** The files that an export stands for, none where it lies outside the workspace; undefined for no export. */
  #definition(file: string, name: string, libraries: Set<string>): readonly string[] | undefined {
    if (!file.endsWith('.ts')) return [file];
    const { defined, reexports } = this.#module(file);
    if (defined.has(name)) return [file];
    for (const { specifier, names } of reexports) {
      const original = names === undefined ? name : names.get(name);
      if (original === undefined) continue;
      const target = this.#resolve(file, specifier, libraries);
      if (target === null) return [];
      if (original === '*') return this.#whole(target, libraries);
      const found = this.#definition(target, original, libraries);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A file below the packages' folder; null for what is not followed. */
  #resolve(from: string, specifier: string, libraries: Set<string>): string | null {
    if (specifier.startsWith('.')) return this.#there(from, join(dirname(from), specifier));
    if (specifier.startsWith('node:')) return null;
    if (!specifier.startsWith(scope)) {
      libraries.add(this.#library(from, specifier));
      return null;
    }
    const [name, ...path] = specifier.slice(scope.length).split('/');
    if (carriers.has(name)) return null;
    const { exports } = this.#manifest(name);
    const place = path.length === 0 ? '.' : `./${path.join('/')}`;
    const file =
      typeof exports === 'string' && place === '.' ? exports : (exports as Record<string, string>)?.[place];
    if (file === undefined) throw new Error(`${from}: ${name}/package.json does not export "${place}"`);
    return this.#there(from, join(name, file));
  }

  #library(from: string, specifier: string): string {
    const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
    const { dependencies = {} } = this.#manifest(from.split('/')[0]);
    const version = dependencies[name];
    if (version === undefined)
      throw new Error(`${from}: imports ${name}, which its package does not declare`);
    return `${name}@${version}`;
  }

  #manifest(name: string): {
    readonly exports?: unknown;
    readonly dependencies?: Readonly<Record<string, string>>;
  } {
    return JSON.parse(this.content(this.#there('result keys', join(name, 'package.json'))).toString('utf8'));
  }

  /** The files that a `new URL` means; data outside the package is not code. */
  #named(from: string, path: string): string[] {
    const [base, own] = path.includes('!') ? path.split('!') : [undefined, path];
    const start = base === undefined ? from : this.#resolve(from, base, new Set());
    if (start === null) return [];
    const target = join(dirname(start), own);
    const [home] = start.split('/');
    const inside = resolve(this.#folder, target).startsWith(resolve(this.#folder, home) + sep);
    if (!inside || target.split(sep).includes('node_modules')) return [];
    const file = this.#there(from, target);
    if (!statSync(join(this.#folder, file)).isDirectory()) return [file];
    return readdirSync(join(this.#folder, file), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => slashes(relative(this.#folder, join(entry.parentPath, entry.name))))
      .filter((inner) => !testCode.test(inner));
  }

  #there(from: string, path: string): string {
    const file = slashes(path);
    if (existsSync(join(this.#folder, file))) return file;
    throw new Error(`${from}: leads to ${file}, which is not there`);
  }

  #module(file: string): ModuleText {
    const found = this.#modules.get(file);
    if (found !== undefined) return found;
    const read = readModule(this.content(file).toString('utf8'), file);
    this.#modules.set(file, read);
    return read;
  }
}

/** A file that is led to, and what it is called where it is imported. */
interface Edge {
  readonly target: string;
  readonly locals: readonly string[];
}

/** Of a table's targets, those of the member that is used; all targets of a file that is no table. */
function withoutOtherMembers(
  from: string,
  body: string,
  edges: readonly Edge[],
  members: Members,
): readonly string[] {
  const tableOf = kindsJoined(from, edges);
  return edges.flatMap(({ target, locals }) => {
    const left = tableOf.some((kind) => {
      const room = roomOf(target, kind);
      if (room === null) return false;
      const own = servesOwnMember(body, { locals, room }, rooms[kind], from);
      const member = members[kind];
      return own && member !== undefined && member !== room;
    });
    return left ? [] : [target];
  });
}

/** The kinds of which a file leads into several rooms, and is in none itself. */
function kindsJoined(file: string, edges: readonly Edge[]): readonly RoomKind[] {
  return (Object.keys(rooms) as RoomKind[]).filter((kind) => {
    if (roomOf(file, kind) !== null) return false;
    return new Set(edges.map(({ target }) => roomOf(target, kind)).filter((room) => room !== null)).size > 1;
  });
}

function slashes(path: string): string {
  return path.replaceAll(sep, '/');
}
