/**
 * Writes an ONNX graph node by node. A value is the name of a tensor; `op` adds a node and returns its output,
 * so that a layer reads like the formula it computes.
 */
import { UserError } from '@vssm/core';
import { mostBytesInside, type Precision } from '../choices.ts';
import { halfBits } from './half.ts';
import {
  type AttributeProto,
  attributeTypes,
  dataTypes,
  encodeModel,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type OnnxType,
  type TensorProto,
  type ValueInfoProto,
} from './schema.ts';

/** Name of a tensor in the graph. */
export type Value = string & { readonly __value?: never };

/** A missing optional input. */
export const absent: Value = '';

/** A dimension is a number, or a name where it is dynamic (`batch`). */
export type Shape = readonly (number | string)[];

class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** Marks an attribute as a float: `{ epsilon: float(1e-5) }`. Plain numbers are integers. */
export const float = (value: number) => new Float(value);

export type Attribute = number | string | readonly number[] | Float | GraphBuilder;

export interface OpOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly domain?: string;
  /** Name of the (first) output, for values that others look up by name. */
  readonly name?: string;
}

/** One graph; `model` gives its bytes. */
export class GraphBuilder {
  readonly #name: string;
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #inputs: ValueInfoProto[] = [];
  readonly #outputs: ValueInfoProto[] = [];
  readonly #constants = new Map<string, Value>();
  #count = 0;

  constructor(name: string) {
    this.#name = name;
  }

  input(name: string, type: OnnxType, shape: Shape): Value {
    this.#inputs.push(valueInfo(name, type, shape));
    return name;
  }

  output(value: Value, type: OnnxType, shape: Shape): void {
    this.#outputs.push(valueInfo(value, type, shape));
  }

  /** Adds a node with one output. */
  op(type: string, inputs: readonly Value[], options: OpOptions = {}): Value {
    return this.ops(type, inputs, 1, options)[0];
  }

  /** Adds a node with several outputs. */
  ops(type: string, inputs: readonly Value[], outputs: number, options: OpOptions = {}): Value[] {
    const id = `${this.#name}_${type}_${this.#count++}`;
    const names = Array.from({ length: outputs }, (_, i) =>
      i === 0 && options.name !== undefined ? options.name : `${id}_${i}`,
    );
    this.#nodes.push({
      name: id,
      op_type: type,
      input: [...inputs],
      output: names,
      attribute: Object.entries(options.attributes ?? {}).map(([name, value]) => attribute(name, value)),
      ...(options.domain !== undefined && { domain: options.domain }),
    });
    return names;
  }

  /** A constant, stored under `name`. @throws UserError for numbers that the precision does not have */
  weight(name: string, shape: readonly number[], data: Float32Array, precision: Precision = 'f32'): Value {
    const stored = precision === 'f32' ? data : halfBits(data, name);
    this.#initializers.push({
      name,
      dims: [...shape],
      data_type: precision === 'f32' ? dataTypes.F32 : dataTypes.F16,
      raw_data: new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength),
    });
    return name;
  }

  /** A float32 scalar; equal ones are stored once. */
  scalar(value: number): Value {
    return this.#shared(`f32_${value}`, [], dataTypes.F32, new Uint8Array(Float32Array.of(value).buffer));
  }

  /** An int64 vector (or, without brackets, scalar); equal ones are stored once. */
  ints(values: readonly number[] | number): Value {
    const list = typeof values === 'number' ? [values] : values;
    return this.#shared(
      `i64_${typeof values === 'number' ? 'scalar_' : ''}${list.join('_')}`,
      typeof values === 'number' ? [] : [list.length],
      dataTypes.I64,
      new Uint8Array(BigInt64Array.from(list, BigInt).buffer),
    );
  }

  #shared(key: string, dims: number[], data_type: number, raw_data: Uint8Array): Value {
    const existing = this.#constants.get(key);
    if (existing !== undefined) return existing;
    const name = `${this.#name}_${key.length < 40 ? key : `constant_${this.#constants.size}`}`;
    this.#initializers.push({ name, dims, data_type, raw_data });
    this.#constants.set(key, name);
    return name;
  }

  /** The graph as the body of a control-flow operator. */
  graph(): GraphProto {
    return {
      name: this.#name,
      node: this.#nodes,
      initializer: this.#initializers,
      input: this.#inputs,
      output: this.#outputs,
    };
  }

  /**
   * @param metadata shown by every ONNX tool, for instance Netron
   * @throws UserError for weights beyond `mostBytesInside`
   */
  model(metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    const bytes = this.#initializers.reduce((sum, { raw_data }) => sum + raw_data!.byteLength, 0);
    if (bytes > mostBytesInside) {
      throw new UserError(
        `the model's weights take ${(bytes / 1e9).toFixed(2)} GB, one encoded ONNX file holds at most ` +
          `${mostBytesInside / 1e9} GB here; vssm export keeps larger ones in a separate file`,
      );
    }
    return encodeModel(this.#proto(metadata, this.#initializers));
  }

  /** @param location name of the file that will hold the weights, in the model's own folder */
  modelWithData(metadata: Readonly<Record<string, string>>, location: string): ModelWithData {
    const data: Uint8Array[] = [];
    let offset = 0;
    const initializers = this.#initializers.map((tensor): TensorProto => {
      const { raw_data, ...described } = tensor;
      const length = raw_data!.byteLength;
      // Constants that shapes are inferred from have to stay inside.
      if (length < leastBytesOutside) return tensor;
      const padding = -offset & (pageBytes - 1);
      data.push(new Uint8Array(padding), raw_data!);
      const place = { location, offset: offset + padding, length };
      offset += padding + length;
      const external_data = Object.entries(place).map(([key, value]) => ({ key, value: String(value) }));
      return { ...described, external_data, data_location: 1 };
    });
    return { model: encodeModel(this.#proto(metadata, initializers)), data };
  }

  #proto(metadata: Readonly<Record<string, string>>, initializer: TensorProto[]): ModelProto {
    const graph = { ...this.graph(), initializer };
    return {
      ir_version: 10,
      opset_import: [
        { domain: '', version: 23 },
        ...(usesDomain(graph, microsoft) ? [{ domain: microsoft, version: 1 }] : []),
      ],
      producer_name: 'vision-ssm-pruning',
      producer_version: '0.1.0',
      graph,
      metadata_props: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    };
  }
}

export interface ModelWithData {
  readonly model: Uint8Array;
  /** The weights' file, piece after piece. */
  readonly data: readonly Uint8Array[];
}

const leastBytesOutside = 1024;

/** Weights begin on pages, so that runtimes can map the file; a power of two. */
const pageBytes = 4096;

/** Whether a node, those in the bodies of control flow included, is of this domain. */
function usesDomain({ node }: GraphProto, domain: string): boolean {
  return node.some(
    (own) => own.domain === domain || own.attribute.some(({ g }) => g !== undefined && usesDomain(g, domain)),
  );
}

/** ONNX Runtime's own operators. */
export const microsoft = 'com.microsoft';

function valueInfo(name: string, type: OnnxType, shape: Shape): ValueInfoProto {
  const dim = shape.map((axis) => (typeof axis === 'number' ? { dim_value: axis } : { dim_param: axis }));
  return { name, type: { tensor_type: { elem_type: dataTypes[type], shape: { dim } } } };
}

function attribute(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number') return { name, type: attributeTypes.int, i: value };
  if (typeof value === 'string') {
    return { name, type: attributeTypes.string, s: new TextEncoder().encode(value) };
  }
  if (value instanceof Float) return { name, type: attributeTypes.float, f: value.value };
  if (value instanceof GraphBuilder) return { name, type: attributeTypes.graph, g: value.graph() };
  return { name, type: attributeTypes.ints, ints: [...value] };
}
