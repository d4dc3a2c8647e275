// The CQL type system as values. A type is immutable and compared by its CQL text (typeToCql).

export const nativeTypeNames = [
  'ascii',
  'bigint',
  'blob',
  'boolean',
  'counter',
  'date',
  'decimal',
  'double',
  'duration',
  'float',
  'inet',
  'int',
  'smallint',
  'text',
  'time',
  'timestamp',
  'timeuuid',
  'tinyint',
  'uuid',
  'varint',
] as const;
export type NativeTypeName = (typeof nativeTypeNames)[number];

export type NativeType = { readonly kind: NativeTypeName };
export type ListType = { readonly kind: 'list'; readonly element: CqlType; readonly frozen: boolean };
export type SetType = { readonly kind: 'set'; readonly element: CqlType; readonly frozen: boolean };
export type MapType = {
  readonly kind: 'map';
  readonly key: CqlType;
  readonly value: CqlType;
  readonly frozen: boolean;
};
/** Tuples are always frozen. */
export type TupleType = { readonly kind: 'tuple'; readonly fields: readonly CqlType[] };
export type UserType = {
  readonly kind: 'udt';
  readonly keyspace: string;
  readonly name: string;
  readonly fieldNames: readonly string[];
  readonly fieldTypes: readonly CqlType[];
  readonly frozen: boolean;
};
export type VectorType = { readonly kind: 'vector'; readonly element: CqlType; readonly dimensions: number };
/** A marshal class without a CQL name, e.g. 'org.apache.cassandra.db.marshal.BytesType'. */
export type CustomType = { readonly kind: 'custom'; readonly className: string };
/** Value column of a COMPACT STORAGE table without one. */
export type EmptyType = { readonly kind: 'empty' };

export type CqlType =
  | NativeType
  | ListType
  | SetType
  | MapType
  | TupleType
  | UserType
  | VectorType
  | CustomType
  | EmptyType;

/** True for lists, sets and maps, frozen or not. */
export const isCollection = (type: CqlType): type is Extract<CqlType, { kind: 'list' | 'set' | 'map' }> =>
  type.kind === 'list' || type.kind === 'set' || type.kind === 'map';

/** True for the types whose column is stored one cell an element. */
export function isMulticell(type: CqlType): boolean {
  return (isCollection(type) || type.kind === 'udt') && !type.frozen;
}

/** A bind value of protocol v4 and up that leaves its column alone. */
export const UNSET: unique symbol = Symbol('unset');
/** A serialized value as it comes from a client: bytes, null, or not set. */
export type BindValue = Uint8Array | null | typeof UNSET;
