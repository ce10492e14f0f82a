/**
 * The part of ONNX's protobuf schema that our graphs use (field numbers of onnx.proto; IR version 10). The
 * encoder is protobufjs; this file only names the fields.
 */
import protobuf from 'protobufjs';

const source = `
syntax = "proto3";
message StringStringEntryProto { string key = 1; string value = 2; }
message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
message TensorShape { repeated Dimension dim = 1; }
message TensorType { int32 elem_type = 1; TensorShape shape = 2; }
message TypeProto { TensorType tensor_type = 1; }
message ValueInfoProto { string name = 1; TypeProto type = 2; string doc_string = 3; }
message TensorProto {
  repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9;
  repeated StringStringEntryProto external_data = 13; int32 data_location = 14;
}
message AttributeProto {
  string name = 1; float f = 2; int64 i = 3; bytes s = 4; TensorProto t = 5; GraphProto g = 6;
  repeated float floats = 7; repeated int64 ints = 8; int32 type = 20;
}
message NodeProto {
  repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
  repeated AttributeProto attribute = 5; string domain = 7;
}
message GraphProto {
  repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
}
message OperatorSetIdProto { string domain = 1; int64 version = 2; }
message ModelProto {
  int64 ir_version = 1; repeated OperatorSetIdProto opset_import = 8; string producer_name = 2;
  string producer_version = 3; GraphProto graph = 7; repeated StringStringEntryProto metadata_props = 14;
}
`;

const root = protobuf.parse(source, { keepCase: true }).root;

/** TensorProto.DataType */
export const dataTypes = { F32: 1, U8: 2, I32: 6, I64: 7, BOOL: 9, F16: 10, F64: 11 } as const;
export type OnnxType = keyof typeof dataTypes;

/** AttributeProto.AttributeType */
export const attributeTypes = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
} as const;

export interface TensorProto {
  name?: string;
  dims: number[];
  data_type: number;
  /** Absent where the data is in a separate file. */
  raw_data?: Uint8Array;
  external_data?: { key: string; value: string }[];
  /** TensorProto.DataLocation: 1 is a file. */
  data_location?: number;
}

export interface AttributeProto {
  name: string;
  type: number;
  f?: number;
  i?: number;
  s?: Uint8Array;
  t?: TensorProto;
  g?: GraphProto;
  ints?: number[];
}

export interface NodeProto {
  input: string[];
  output: string[];
  name: string;
  op_type: string;
  domain?: string;
  attribute: AttributeProto[];
}

export interface ValueInfoProto {
  name: string;
  type: {
    tensor_type: { elem_type: number; shape: { dim: ({ dim_value: number } | { dim_param: string })[] } };
  };
}

export interface GraphProto {
  name: string;
  node: NodeProto[];
  initializer: TensorProto[];
  input: ValueInfoProto[];
  output: ValueInfoProto[];
}

export interface ModelProto {
  ir_version: number;
  opset_import: { domain: string; version: number }[];
  producer_name: string;
  producer_version: string;
  graph: GraphProto;
  metadata_props: { key: string; value: string }[];
}

/** Encodes a model; its largest part, the weights, is copied once. */
export function encodeModel(model: ModelProto): Uint8Array {
  return root.lookupType('ModelProto').encode(model).finish();
}

/**
 * The model of an ONNX file, integers of 64 bits as numbers. Throws protobufjs' error for bytes that are none.
 */
export function decodeModel(bytes: Uint8Array): ModelProto {
  const type = root.lookupType('ModelProto');
  return type.toObject(type.decode(bytes), { longs: Number, arrays: true }) as ModelProto;
}
