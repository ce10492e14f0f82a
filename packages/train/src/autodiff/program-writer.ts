/** Writes a trace as steps, each of which is a call of a kernel or a few numbers of plain code. */
import type { Kernels, MatrixPlace } from '@vssm/kernels';
import type { Node, Operation, Shape, Trace, Value } from './trace.ts';
import { adjacentStrides, broadcastView, isAdjacent, type View, walkOf, wholeView } from './view.ts';

/** Byte offset of a value that was computed or came in. */
type At = (root: Value) => number;

export interface Step {
  /** Roots of what it reads. */
  readonly reads: readonly Value[];
  readonly writes: readonly Value[];
  /** @param out byte offset of an output by its name, where it is not where its value was computed */
  run(kernels: Kernels, at: At, out: (name: string) => number): void;
}

/** An operation on every number by itself, which is too rare for a kernel: on a few numbers a segment. */
type Scalar = (x: number) => number;

export class ProgramWriter {
  readonly steps: Step[] = [];
  readonly #views = new Map<Value, View>();
  readonly #users = new Map<Value, Node[]>();
  /** Products whose sum with something else comes later. */
  readonly #waiting = new Map<Value, Node>();
  readonly #outputs: ReadonlySet<Value>;
  #count = 0;

  constructor(trace: Trace) {
    const nodes = neededNodes(trace);
    this.#outputs = new Set(trace.outputs.values());
    for (const node of nodes) {
      for (const input of node.inputs) this.#users.set(input, [...(this.#users.get(input) ?? []), node]);
    }
    for (const input of trace.inputs) this.#views.set(input, wholeView(input));
    for (const node of nodes) this.#write(node);
    const computed = new Set(this.steps.flatMap(({ writes }) => writes));
    const taken = new Set<Value>();
    for (const [name, value] of trace.outputs) {
      const view = this.#view(value);
      // The first name of a value that was computed is where it was computed.
      if (view.root === value && computed.has(value) && !taken.has(value)) taken.add(value);
      else this.#copy(view, (_, out) => out(name), adjacentStrides(value.shape), []);
    }
  }

  #view(value: Value): View {
    return this.#views.get(value)!;
  }

  #step(reads: readonly View[], writes: readonly Value[], run: Step['run']): void {
    this.steps.push({ reads: reads.map(({ root }) => root), writes, run });
  }

  /** The value is computed into memory of its own. */
  #own(value: Value): void {
    this.#views.set(value, wholeView(value));
  }

  #fresh(shape: Shape): Value {
    const value = { name: `copy${this.#count++}`, shape };
    this.#own(value);
    return value;
  }

  #copy(
    from: View,
    to: (at: At, out: (name: string) => number) => number,
    toStrides: readonly number[],
    writes: readonly Value[],
  ): void {
    const { axes, strides, blocks } = walkOf(from.shape, [from.strides, toStrides]);
    this.#step([from], writes, ({ tensors }, at, out) => {
      const [source, target] = [addressOf(from, at), to(at, out)];
      for (const [first, second] of blocks) {
        tensors.copy(axes, source + 4 * first, strides[0], target + 4 * second, strides[1]);
      }
    });
  }

  /** The same numbers, one after another in their order. */
  #adjacent(value: Value): View {
    const view = this.#view(value);
    if (isAdjacent(view)) return view;
    const own = this.#fresh(view.shape);
    this.#copy(view, (at) => at(own), adjacentStrides(view.shape), [own]);
    return wholeView(own);
  }

  /** A matrix whose rows are adjacent numbers. */
  #matrix(value: Value): View {
    const view = this.#view(value);
    return view.strides[1] === 1 && view.strides[0] >= view.shape[1] ? view : this.#adjacent(value);
  }

  #write(node: Node): void {
    const { operation, inputs, outputs } = node;
    const [result] = outputs;
    switch (operation.op) {
      case 'gemm':
        if (this.#isAddedTo(result)) this.#waiting.set(result, node);
        else this.#product(node, result, undefined);
        return;
      case 'add':
        if (!this.#productAndSum(inputs, result)) this.#binary('add', inputs, result);
        return;
      case 'mul':
        this.#binary('mul', inputs, result);
        return;
      case 'reshape': {
        const view = this.#adjacent(inputs[0]);
        this.#views.set(result, { ...view, shape: result.shape, strides: adjacentStrides(result.shape) });
        return;
      }
      case 'expand':
        this.#views.set(result, broadcastView(this.#view(inputs[0]), result.shape));
        return;
      case 'transpose': {
        const { strides, ...view } = this.#view(inputs[0]);
        const { order } = operation;
        this.#views.set(result, {
          ...view,
          shape: result.shape,
          strides: order.map((axis) => strides[axis]),
        });
        return;
      }
      case 'split':
        this.#split(inputs[0], operation.axis, outputs);
        return;
      case 'concat':
        this.#concat(inputs, operation.axis, result);
        return;
      case 'sum':
        this.#sum(inputs[0], operation.axes, result);
        return;
      case 'zeros':
        this.#own(result);
        this.#step([], [result], ({ memory }, at) => {
          new Float32Array(memory.buffer, at(result), sizeOf(result.shape)).fill(0);
        });
        return;
      case 'constant': {
        const { data } = operation;
        this.#own(result);
        this.#step([], [result], ({ memory }, at) => {
          new Float32Array(memory.buffer, at(result), data.length).set(data);
        });
        return;
      }
      case 'norm':
      case 'normGradient':
        this.#norm(operation, inputs, outputs);
        return;
      case 'gatherRows':
      case 'scatterRows':
        this.#moveRows(operation.op === 'scatterRows', inputs, result);
        return;
      default:
        this.#each(operation, inputs[0], result);
    }
  }

  /** Whether a product is read once, by a sum of its own shape that can take it along. */
  #isAddedTo(product: Value): boolean {
    const users = this.#users.get(product) ?? [];
    if (users.length !== 1 || this.#outputs.has(product) || users[0].operation.op !== 'add') return false;
    const [a, b] = users[0].inputs;
    if (a === b) return false;
    const other = a === product ? b : a;
    const [rows, columns] = product.shape;
    const isRow = other.shape.at(-1) === columns && sizeOf(other.shape) === columns;
    const isMatrix = other.shape.length === 2 && other.shape[0] === rows && other.shape[1] === columns;
    return (isRow || isMatrix) && sizeOf(users[0].outputs[0].shape) === rows * columns;
  }

  #productAndSum(inputs: readonly Value[], result: Value): boolean {
    // The later product takes the earlier one along, which must be there by then.
    const later = inputs.findLast((input) => this.#waiting.has(input));
    if (later === undefined) return false;
    const other = inputs.find((input) => input !== later)!;
    const node = this.#waiting.get(other);
    if (node !== undefined) this.#product(node, other, undefined);
    this.#product(this.#waiting.get(later)!, result, other);
    return true;
  }

  #product({ operation, inputs }: Node, result: Value, plus: Value | undefined): void {
    if (operation.op !== 'gemm') throw new Error(`${operation.op} is no product`);
    const { transA, transB, alpha } = operation;
    const [a, b] = inputs.map((input) => this.#matrix(input));
    const [rows, inner] = transA ? [a.shape[1], a.shape[0]] : a.shape;
    const columns = transB ? b.shape[0] : b.shape[1];
    const isRow = plus !== undefined && sizeOf(plus.shape) === columns && rows !== 1;
    const added =
      plus === undefined ? undefined : isRow ? this.#adjacent(plus) : this.#matrixOrRow(plus, columns);
    this.#own(result);
    this.#step([a, b, ...(added === undefined ? [] : [added])], [result], (kernels, at) => {
      const place = (view: View): MatrixPlace => ({ at: addressOf(view, at), stride: view.strides[0] });
      kernels.matmul({
        ...{ rows, inner, columns, transA, transB, alpha },
        a: place(a),
        b: place(b),
        ...(added !== undefined && {
          plus: isRow ? { at: addressOf(added, at), stride: 0 } : place(added),
        }),
        to: { at: at(result), stride: columns },
      });
    });
  }

  /** What a product adds, as a matrix; a single row too, where there is only one. */
  #matrixOrRow(value: Value, columns: number): View {
    if (value.shape.length === 2) return this.#matrix(value);
    return { ...this.#adjacent(value), shape: [1, columns], strides: [columns, 1] };
  }

  #binary(op: 'add' | 'mul', inputs: readonly Value[], result: Value): void {
    const views = inputs.map((input) => {
      const view = this.#view(input);
      const last = view.strides.at(-1)!;
      const fits = last === 1 || last === 0 || view.shape.at(-1) === 1;
      return broadcastView(fits ? view : this.#adjacent(input), result.shape);
    });
    const { axes, strides, blocks } = walkOf(
      result.shape,
      views.map((view) => view.strides),
    );
    const size = axes[0] * axes[1] * axes[2];
    const [ofA, ofB] = strides.map((own) => unit(own, axes));
    this.#own(result);
    this.#step(views, [result], ({ tensors }, at) => {
      const [a, b] = views.map((view) => addressOf(view, at));
      for (const [i, [first, second]] of blocks.entries()) {
        tensors.binary(op, axes, a + 4 * first, ofA, b + 4 * second, ofB, at(result) + 4 * i * size);
      }
    });
  }

  #split(whole: Value, axis: number, parts: readonly Value[]): void {
    const view = this.#view(whole);
    let first = 0;
    for (const part of parts) {
      const offset = view.offset + first * view.strides[axis];
      this.#views.set(part, { ...view, offset, shape: part.shape });
      first += part.shape[axis];
    }
  }

  #concat(parts: readonly Value[], axis: number, result: Value): void {
    this.#own(result);
    const strides = adjacentStrides(result.shape);
    let first = 0;
    for (const part of parts) {
      const offset = 4 * first * strides[axis];
      this.#copy(this.#view(part), (at) => at(result) + offset, strides, [result]);
      first += part.shape[axis];
    }
  }

  /** Over neighbouring axes. */
  #sum(x: Value, axes: readonly number[], result: Value): void {
    const view = this.#adjacent(x);
    const [first, last] = [Math.min(...axes), Math.max(...axes)];
    if (last - first + 1 !== axes.length) throw new Error(`a sum over axes ${axes}, which are no neighbours`);
    const outer = sizeOf(view.shape.slice(0, first));
    const middle = sizeOf(view.shape.slice(first, last + 1));
    const inner = sizeOf(view.shape.slice(last + 1));
    this.#own(result);
    this.#step([view], [result], ({ tensors }, at) => {
      tensors.sum(outer, middle, inner, addressOf(view, at), at(result));
    });
  }

  #norm(
    { op, centred, epsilon }: Extract<Operation, { readonly op: 'norm' | 'normGradient' }>,
    inputs: readonly Value[],
    outputs: readonly Value[],
  ): void {
    const views = inputs.map((input) => this.#adjacent(input));
    const [x, weight, third] = views;
    const width = sizeOf(weight.shape);
    const shape = { rows: sizeOf(x.shape) / width, width, centred, epsilon };
    for (const output of outputs) this.#own(output);
    this.#step(views, outputs, ({ tensors }, at) => {
      const options = { ...shape, x: addressOf(x, at), weight: addressOf(weight, at) };
      const [first, dWeight, dBias] = outputs.map((output) => at(output));
      if (op === 'normGradient') tensors.normBackward(options, addressOf(third, at), first, dWeight, dBias);
      else tensors.norm({ ...options, ...(third !== undefined && { bias: addressOf(third, at) }) }, first);
    });
  }

  #moveRows(scattered: boolean, [x, rows]: readonly Value[], result: Value): void {
    const view = this.#adjacent(x);
    const indices = this.#view(rows);
    const [count, width] = [rows.shape[0], result.shape[1]];
    const all = scattered ? result.shape[0] : x.shape[0];
    this.#own(result);
    this.#step([view, indices], [result], ({ tensors, memory }, at) => {
      if (scattered) new Float32Array(memory.buffer, at(result), sizeOf(result.shape)).fill(0);
      tensors.moveRows(count, all, width, scattered, addressOf(indices, at), addressOf(view, at), at(result));
    });
  }

  /** Number by number. */
  #each(operation: Operation, x: Value, result: Value): void {
    const view = this.#adjacent(x);
    const count = sizeOf(result.shape);
    this.#own(result);
    this.#step([view], [result], ({ tensors, memory }, at) => {
      const [from, to] = [addressOf(view, at), at(result)];
      if (operation.op === 'affine') tensors.affine(count, operation.scale, operation.shift, from, to);
      else if (operation.op === 'relu' || operation.op === 'positive') {
        tensors.rectify(count, operation.op === 'positive', from, to);
      } else {
        const numbers = new Float32Array(memory.buffer, from, count);
        const results = new Float32Array(memory.buffer, to, count);
        if (operation.op === 'logSoftmax') logSoftmax(numbers, result.shape.at(-1)!, results);
        else {
          const own = scalar(operation);
          for (let i = 0; i < count; i++) results[i] = own(numbers[i]);
        }
      }
    });
  }
}

function addressOf({ root, offset }: View, at: At): number {
  return at(root) + 4 * offset;
}

/** The last axis' stride as the kernel takes it: an axis of one number stands still or not, as it likes. */
function unit(
  strides: readonly [number, number, number],
  axes: readonly number[],
): readonly [number, number, number] {
  return axes[2] === 1 ? [strides[0], strides[1], 0] : strides;
}

function scalar(operation: Operation): Scalar {
  switch (operation.op) {
    case 'power':
      return (x) => x ** operation.exponent;
    case 'exp':
      return Math.exp;
    case 'sigmoid':
      return (x) => 1 / (1 + Math.exp(-x));
    case 'softplus':
      return (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    default:
      throw new Error(`${operation.op} is not done number by number`);
  }
}

function logSoftmax(x: Float32Array, width: number, to: Float32Array): void {
  // Plain loops: there may be a row for every pixel.
  for (let first = 0; first < x.length; first += width) {
    const end = first + width;
    let largest = x[first];
    for (let i = first + 1; i < end; i++) largest = Math.max(largest, x[i]);
    let sum = 0;
    for (let i = first; i < end; i++) sum += Math.exp(x[i] - largest);
    const total = Math.log(sum);
    for (let i = first; i < end; i++) to[i] = x[i] - largest - total;
  }
}

function neededNodes(trace: Trace): Node[] {
  const needed = new Set(trace.outputs.values());
  const nodes = trace.nodes.toReversed().filter(({ inputs, outputs }) => {
    if (!outputs.some((output) => needed.has(output))) return false;
    for (const input of inputs) needed.add(input);
    return true;
  });
  return nodes.reverse();
}

function sizeOf(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}
