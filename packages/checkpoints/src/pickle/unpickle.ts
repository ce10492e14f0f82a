/**
 * A pickle machine that executes nothing. It follows Python's stack machine (protocols 0 to 5), but whatever
 * would import, call or set state is handed to a `PickleHost`, which answers with data. Work is bounded by the
 * length of the pickle, for every operation consumes at least one byte, and memory by memory.ts.
 */
import { UserError } from '@vssm/core';
import { quoted } from '../tensor-names.ts';
import { PickleMemory } from './memory.ts';
import { op } from './opcodes.ts';
import { PickleReader } from './reader.ts';
import { PickleDict, Placeholder } from './values.ts';

/** What the machine asks about names from outside the pickle. */
export interface PickleHost {
  /** A name that the pickle imports; throws a UserError for a name that is refused. */
  global(module: string, name: string): unknown;
  /** The result of calling `callable`, something that `global` returned, with `args`. */
  call(callable: Placeholder, args: readonly unknown[]): unknown;
  /** What a persistent id stands for: in PyTorch's files, a storage. */
  persistent(id: unknown): unknown;
}

/**
 * @param start where the pickle begins in `bytes`
 * @param memory what its values may take
 * @returns the value and the position after the pickle
 * @throws PickleTruncated when `bytes` end first, UserError when the pickle is malformed or refused
 */
export function unpickle(
  bytes: Uint8Array,
  start: number,
  host: PickleHost,
  memory = new PickleMemory(),
): { readonly value: unknown; readonly end: number } {
  const reader = new PickleReader(bytes, start);
  const machine = new PickleMachine(reader, host);
  try {
    for (;;) {
      const before = reader.position;
      const code = reader.byte();
      if (code === op.stop) return { value: machine.pop(), end: reader.position };
      machine.run(code);
      memory.spend(code, reader.position - before);
    }
  } catch (error) {
    // V8 has limits of its own: 2^24 entries in a map, 2^32 in an array.
    if (!(error instanceof RangeError)) throw error;
    throw new UserError(`its pickle holds more than fits into memory (${error.message})`, { cause: error });
  }
}

class PickleMachine {
  private readonly reader: PickleReader;
  private readonly host: PickleHost;
  private readonly stack: unknown[] = [];
  /** Heights of the stack at which marks were set. */
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, unknown>();

  constructor(reader: PickleReader, host: PickleHost) {
    this.reader = reader;
    this.host = host;
  }

  pop(): unknown {
    this.checkHeight();
    return this.stack.pop();
  }

  run(code: number): void {
    const { reader, stack } = this;
    switch (code) {
      case op.protocol: {
        const protocol = reader.byte();
        if (protocol > 5) throw new UserError(`its pickle has protocol ${protocol}; 0 to 5 are known`);
        return;
      }
      case op.frame:
        reader.size8();
        return;
      case op.mark:
        this.marks.push(stack.length);
        return;
      case op.pop:
        if (this.marks.at(-1) === stack.length) this.marks.pop();
        else this.pop();
        return;
      case op.popMark:
        this.popToMark();
        return;
      case op.dup:
        stack.push(this.top());
        return;

      case op.none:
        stack.push(null);
        return;
      case op.newTrue:
        stack.push(true);
        return;
      case op.newFalse:
        stack.push(false);
        return;
      case op.int:
        stack.push(reader.decimalOrBoolean());
        return;
      case op.long:
        stack.push(reader.decimal());
        return;
      case op.binInt:
        stack.push(reader.int4());
        return;
      case op.binInt1:
        stack.push(reader.byte());
        return;
      case op.binInt2:
        stack.push(reader.uint2());
        return;
      case op.long1:
        stack.push(reader.integer(reader.byte()));
        return;
      case op.long4:
        stack.push(reader.integer(reader.size4()));
        return;
      case op.float:
        stack.push(reader.decimalFloat());
        return;
      case op.binFloat:
        stack.push(reader.float8());
        return;

      case op.string:
        stack.push(reader.quotedLine());
        return;
      case op.unicode:
        stack.push(reader.line());
        return;
      case op.binString:
        stack.push(reader.latin1(reader.size4()));
        return;
      case op.shortBinString:
        stack.push(reader.latin1(reader.byte()));
        return;
      case op.shortBinUnicode:
        stack.push(reader.utf8(reader.byte()));
        return;
      case op.binUnicode:
        stack.push(reader.utf8(reader.size4()));
        return;
      case op.binUnicode8:
        stack.push(reader.utf8(reader.size8()));
        return;
      case op.shortBinBytes:
        stack.push(reader.bytes(reader.byte()));
        return;
      case op.binBytes:
        stack.push(reader.bytes(reader.size4()));
        return;
      case op.binBytes8:
      case op.byteArray8:
        stack.push(reader.bytes(reader.size8()));
        return;

      case op.emptyList:
      case op.emptyTuple:
      case op.emptySet:
        stack.push([]);
        return;
      case op.emptyDict:
        stack.push(new PickleDict());
        return;
      case op.list:
      case op.tuple:
      case op.frozenSet:
        stack.push(this.popToMark());
        return;
      case op.tuple1:
        stack.push([this.pop()]);
        return;
      case op.tuple2: {
        const second = this.pop();
        stack.push([this.pop(), second]);
        return;
      }
      case op.tuple3: {
        const third = this.pop();
        const second = this.pop();
        stack.push([this.pop(), second, third]);
        return;
      }
      case op.dict: {
        const dict = new PickleDict();
        setItems(dict, this.popToMark());
        stack.push(dict);
        return;
      }
      case op.append: {
        const item = this.pop();
        appendItems(this.top(), [item]);
        return;
      }
      case op.appends:
      case op.addItems: {
        const items = this.popToMark();
        appendItems(this.top(), items);
        return;
      }
      case op.setItem: {
        const value = this.pop();
        const key = this.pop();
        setItems(this.top(), [key, value]);
        return;
      }
      case op.setItems: {
        const items = this.popToMark();
        setItems(this.top(), items);
        return;
      }

      case op.put:
        this.memo.set(reader.index(), this.top());
        return;
      case op.binPut:
        this.memo.set(reader.byte(), this.top());
        return;
      case op.longBinPut:
        this.memo.set(reader.uint4(), this.top());
        return;
      case op.memoize:
        this.memo.set(this.memo.size, this.top());
        return;
      case op.get:
        stack.push(this.recall(reader.index()));
        return;
      case op.binGet:
        stack.push(this.recall(reader.byte()));
        return;
      case op.longBinGet:
        stack.push(this.recall(reader.uint4()));
        return;

      case op.global: {
        const module = reader.line();
        stack.push(this.importName(module, reader.line()));
        return;
      }
      case op.stackGlobal: {
        const name = this.pop();
        stack.push(this.importName(this.pop(), name));
        return;
      }
      case op.reduce:
      case op.newObject: {
        const args = this.pop();
        stack.push(this.call(this.pop(), args));
        return;
      }
      case op.newObjectKeywords: {
        const keywords = this.pop();
        const args = this.pop();
        const callable = this.pop();
        const made = this.call(callable, args);
        // A host knows nothing of keywords: with any, the object stays unknown, by the name of its class.
        stack.push(keywords instanceof PickleDict && keywords.entries.size === 0 ? made : callable);
        return;
      }
      case op.instance: {
        const module = reader.line();
        const callable = this.importName(module, reader.line());
        stack.push(this.call(callable, this.popToMark()));
        return;
      }
      case op.object: {
        const [callable, ...args] = this.popToMark();
        stack.push(this.call(callable, args));
        return;
      }
      case op.build: {
        this.pop();
        const target = this.top();
        if (!(target instanceof Placeholder || target instanceof PickleDict)) {
          throw new UserError('its pickle sets the state of something that is not an object');
        }
        return;
      }
      case op.persistentId:
        stack.push(this.host.persistent(reader.line()));
        return;
      case op.binPersistentId:
        stack.push(this.host.persistent(this.pop()));
        return;
      default:
        throw new UserError(
          `its pickle has the unknown or unsupported opcode 0x${code.toString(16)} at byte ${reader.position - 1}`,
        );
    }
  }

  private top(): unknown {
    this.checkHeight();
    return this.stack[this.stack.length - 1];
  }

  /** Nothing below the last mark, and nothing from an empty stack, may be touched. */
  private checkHeight(): void {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) {
      throw new UserError('its pickle takes more from the stack than is there; the file is corrupt');
    }
  }

  private popToMark(): unknown[] {
    const height = this.marks.pop();
    if (height === undefined) {
      throw new UserError('its pickle goes back to a mark that was not set; the file is corrupt');
    }
    return this.stack.splice(height);
  }

  private recall(index: number): unknown {
    if (!this.memo.has(index)) {
      throw new UserError(`its pickle refers to object ${index}, which is not there; the file is corrupt`);
    }
    return this.memo.get(index);
  }

  private importName(module: unknown, name: unknown): unknown {
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw new UserError('its pickle imports a name that is not text; the file is corrupt');
    }
    if (module.length > 512 || name.length > 512) {
      throw new UserError(`its pickle imports a name of ${module.length + name.length} characters`);
    }
    return this.host.global(module, name);
  }

  private call(callable: unknown, args: unknown): unknown {
    if (!(callable instanceof Placeholder) || !Array.isArray(args)) {
      throw new UserError('its pickle calls something that is not a function; the file is corrupt');
    }
    return this.host.call(callable, args);
  }
}

function appendItems(target: unknown, items: readonly unknown[]): void {
  if (Array.isArray(target)) for (const item of items) target.push(item);
  else if (!(target instanceof Placeholder)) {
    throw new UserError('its pickle appends to something that is not a list; the file is corrupt');
  }
}

/** `items`: key, value, key, value … */
function setItems(target: unknown, items: readonly unknown[]): void {
  if (items.length % 2 !== 0)
    throw new UserError('its pickle has a key without a value; the file is corrupt');
  if (target instanceof Placeholder) return;
  if (!(target instanceof PickleDict)) {
    throw new UserError('its pickle sets items of something that is not a dictionary; the file is corrupt');
  }
  for (let i = 0; i < items.length; i += 2) {
    const key = items[i];
    if (typeof key === 'string' && target.entries.has(key) && target.entries.get(key) !== items[i + 1]) {
      throw new UserError(`its pickle sets ${quoted(key)} twice`);
    }
    target.entries.set(key, items[i + 1]);
  }
}
