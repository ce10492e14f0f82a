/** TypeScript's text taken apart: code without comments and without what stands in strings, and the strings. */

export interface StringText {
  readonly text: string;
  /** 1-based. */
  readonly line: number;
  /** The code before it on its line. */
  readonly before: string;
}

export interface Code {
  /** Of the same number of lines as the source. */
  readonly code: string;
  readonly strings: readonly StringText[];
}

export function codeOf(source: string): Code {
  const strings: StringText[] = [];
  let code = '';
  let at = 0;
  /** Depth of braces inside each template's substitution that is open. */
  const substitutions: number[] = [];
  const lineNumber = () => code.split('\n').length;
  const linesOf = (text: string) => text.replace(/[^\n]/g, '');

  const skipTo = (end: number) => {
    code += linesOf(source.slice(at, end));
    at = end;
  };
  const template = () => {
    const begin = at;
    while (at < source.length && source[at] !== '`' && !source.startsWith('${', at))
      at += source[at] === '\\' ? 2 : 1;
    const text = source.slice(begin, at);
    strings.push({ text, line: lineNumber(), before: code.slice(code.lastIndexOf('\n') + 1) });
    code += linesOf(text);
    if (source[at] === '`') at += 1;
    else {
      at += 2;
      substitutions.push(0);
    }
  };

  while (at < source.length) {
    const char = source[at];
    if (source.startsWith('//', at)) skipTo(ended(source.indexOf('\n', at), source));
    else if (source.startsWith('/*', at)) skipTo(ended(source.indexOf('*/', at + 2) + 2, source));
    else if (char === "'" || char === '"') {
      const begin = at + 1;
      at = begin;
      while (at < source.length && source[at] !== char && source[at] !== '\n')
        at += source[at] === '\\' ? 2 : 1;
      strings.push({
        text: source.slice(begin, at),
        line: lineNumber(),
        before: code.slice(code.lastIndexOf('\n') + 1),
      });
      at += 1;
    } else if (char === '`') {
      at += 1;
      template();
    } else if (char === '}' && substitutions.at(-1) === 0) {
      substitutions.pop();
      at += 1;
      code += ' ';
      template();
    } else if (char === '/' && /(?:[(,=:[!&|?{};+\n]|=>|return)\s*$/.test(code.slice(-40))) {
      at += 1;
      let inClass = false;
      while (at < source.length && source[at] !== '\n' && (inClass || source[at] !== '/')) {
        if (source[at] === '[') inClass = true;
        if (source[at] === ']') inClass = false;
        at += source[at] === '\\' ? 2 : 1;
      }
      at += 1;
    } else {
      if (substitutions.length > 0 && char === '{') substitutions[substitutions.length - 1] += 1;
      if (substitutions.length > 0 && char === '}') substitutions[substitutions.length - 1] -= 1;
      code += char;
      at += 1;
    }
  }
  return { code, strings };
}

/** An index that was not found stands for the end. */
function ended(index: number, source: string): number {
  return index <= 0 ? source.length : index;
}
