/**
 * Tables: a file that leads into the rooms of several members of one kind (model families, rules, …) and chooses one
 * of them by its name, `{ vim: vimMixing, plainmamba: plainMambaMixing } satisfies …`. What is made with one member is
 * made with nothing of the others, so keys leave their rooms out; but only where the text shows that an import is
 * used for its own member and nowhere else.
 */

export interface TableImport {
  /** The names that the import has in this file. */
  readonly locals: readonly string[];
  /** Member whose room it comes from. */
  readonly room: string;
}

/**
 * Whether the import serves its own member only.
 *
 * @param text of the file, without comments and import statements
 * @param members of the kind
 * @throws Error where a member's entry is made of another member's room: its results would be made with what no key holds
 */
export function servesOwnMember(
  text: string,
  { locals, room }: TableImport,
  members: readonly string[],
  file: string,
): boolean {
  const entries = entriesOf(text, members);
  let own = locals.length > 0;
  for (const local of locals) {
    for (const { index } of text.matchAll(new RegExp(`(?<![\\w.'"\`-])${local}\\b(?!['"\`]|\\s*:)`, 'g'))) {
      const entry = entries.find(({ begin, end }) => begin <= index && index < end);
      if (entry !== undefined && entry.member !== room) {
        throw new Error(
          `result keys: the entry "${entry.member}" of ${file} uses ${local}, which lies in the room of ${room}; ` +
            `move it to ${entry.member}'s, or to where no member's name is in the path`,
        );
      }
      if (entry === undefined) own = false;
    }
  }
  return own;
}

/** The member that a text takes out of a table by its name, `reductionTable.clip`; undefined where it takes none. */
export function memberTaken(text: string, table: string, members: readonly string[]): string | undefined {
  const taken = new RegExp(`\\b${table}(?:\\.(\\w+)|\\['([\\w-]+)'\\])`, 'g');
  return [...text.matchAll(taken)]
    .map(([, property, quoted]) => property ?? quoted)
    .find((name) => members.includes(name));
}

interface Entry {
  readonly member: string;
  readonly begin: number;
  readonly end: number;
}

/** Properties that are called after a member, of object literals at the top of the file. */
function entriesOf(text: string, members: readonly string[]): Entry[] {
  const entries: Entry[] = [];
  for (const { index, 0: opening } of text.matchAll(/^(?:export )?const \w+(?:: [^=\n]+)? = \{/gm)) {
    let depth = 0;
    let begin = index + opening.length;
    const note = (end: number) => {
      const named = /^\s*['"]?([\w-]+)['"]?\s*(?::|$)/.exec(text.slice(begin, end));
      const member = members.find((own) => own === named?.[1]);
      if (member !== undefined) entries.push({ member, begin, end });
      begin = end + 1;
    };
    for (const { index: at, 0: found } of text.slice(begin).matchAll(tokens)) {
      if (found.length > 1) continue;
      const place = index + opening.length + at;
      if (/[{[(]/.test(found)) depth++;
      else if (found === ',' && depth === 0) note(place);
      else if (/[}\])]/.test(found) && depth-- === 0) {
        note(place);
        break;
      }
    }
  }
  return entries;
}

/** Strings, in which nothing counts, and what opens, closes and parts. */
const tokens = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|[{}[\](),]/g;
