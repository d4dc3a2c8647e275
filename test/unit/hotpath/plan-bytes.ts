// Hot plans (docs/format/hot-plan.md) and EXECUTE envelopes for tests, written by hand from the documents.
export const Target = {
  key: 0,
  clustering: 1,
  value: 2,
  ttl: 3,
  timestamp: 4,
  limit: 5,
  start: 6,
  end: 7,
  term: 8,
  operationKey: 9,
  operationValue: 10,
} as const;
/** What an operation does to its column. */
export const Does = { element: 1, add: 2, discard: 3, replace: 4, clear: 5, increment: 6, decrement: 7 } as const;

const le16 = (n: number) => Buffer.from([n & 255, n >> 8]);
const le32 = (n: number) => Buffer.from([n & 255, (n >> 8) & 255, (n >> 16) & 255, n >>> 24]);
const be16 = (n: number) => Buffer.from([(n >> 8) & 255, n & 255]);
const be32 = (n: number) => Buffer.from([n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255]);

export const int = (n: number): Buffer => be32(n);
export const bigint = (n: bigint): Buffer => {
  const b = Buffer.alloc(8);
  b.writeBigInt64BE(n);
  return b;
};
export const text = (s: string): Buffer => Buffer.from(s, 'utf8');

/** A type without parameters, as in table-descriptor.md. */
export const type = (kind: number, className = ''): Buffer =>
  Buffer.concat([Buffer.from([kind]), le16(className.length), Buffer.from(className)]);
export const intType = type(0x09, 'org.apache.cassandra.db.marshal.Int32Type');
export const textType = type(0x0d, 'org.apache.cassandra.db.marshal.UTF8Type');

export type PlanSpec = {
  kind: 'write' | 'read';
  flags?: number;
  preparedId: Buffer;
  tableId: Buffer;
  tableVersion?: number;
  /** What is done to a column beside giving it a whole value. */
  operations?: [kind: number, column: number][];
  binds: [target: number, which: number, type: Buffer][];
  constants?: [target: number, which: number, value: Buffer | null][];
  sliceFlags?: number;
  defaultTtl?: number;
  levels?: number[];
  rowLimit?: number;
  columns?: [what: number, which: number][];
  folds?: [kind: number, column: number][];
  outputs?: [kind: number, width: number, fold: number, count: number][];
  metadata?: Buffer;
  metadataId?: Buffer;
  /** An example of the statements that come as text; left out for a prepared one. */
  text?: string;
  keyspace?: string;
};

export const metadataId = Buffer.alloc(16, 0xee);

export function planBytes(p: PlanSpec): Buffer {
  const parts = [Buffer.from([5, p.kind === 'write' ? 1 : 2, p.flags ?? 0]), p.preparedId, p.tableId];
  const operations = p.operations ?? [];
  parts.push(le32(p.tableVersion ?? 1), le16(operations.length));
  for (const [kind, column] of operations) parts.push(Buffer.from([kind]), le16(column));
  // Neither conditions nor indexes nor views.
  parts.push(Buffer.from([0]), le16(0), le16(0), le16(p.binds.length));
  for (const [target, which, t] of p.binds) parts.push(Buffer.from([target]), le16(which), t);
  const constants = p.constants ?? [];
  parts.push(le16(constants.length));
  for (const [target, which, value] of constants) {
    parts.push(
      Buffer.from([target]),
      le16(which),
      le32(value === null ? 0xffffffff : value.length),
      value ?? Buffer.alloc(0),
    );
  }
  const levels = (p.levels ?? [1, 4, 5, 6, 10]).reduce((mask, level) => mask | (1 << level), 0);
  parts.push(Buffer.from([p.sliceFlags ?? 0]), le32(p.defaultTtl ?? 0), le16(levels));
  parts.push(le32(p.rowLimit ?? 0xffffffff), le32(0xffffffff));
  const columns = p.columns ?? [];
  parts.push(le16(columns.length));
  for (const [what, which] of columns) parts.push(Buffer.from([what]), le16(which));
  const [folds, outputs] = [p.folds ?? [], p.outputs ?? []];
  parts.push(le16(folds.length));
  for (const [kind, column] of folds) parts.push(Buffer.from([kind]), le16(column));
  parts.push(le16(outputs.length));
  for (const [kind, width, fold, count] of outputs) parts.push(Buffer.from([kind, width]), le16(fold), le16(count));
  const shown = outputs.length > 0 ? outputs.length : columns.length;
  const metadata = p.metadata ?? Buffer.concat([be32(0), be32(shown)]);
  parts.push(le32(metadata.length), metadata, le32(metadata.length), metadata, p.metadataId ?? metadataId);
  const [example, keyspace] = [Buffer.from(p.text ?? ''), Buffer.from(p.keyspace ?? '')];
  parts.push(le32(example.length), example, le16(keyspace.length), keyspace);
  return Buffer.concat(parts);
}

export const envelope = (version: number, flags: number, stream: number, opcode: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([version, flags]), be16(stream & 0xffff), Buffer.from([opcode]), be32(body.length), body]);

export type ExecuteSpec = {
  version: 3 | 4 | 5;
  stream: number;
  preparedId: Buffer;
  values: (Buffer | null | 'unset')[];
  consistency?: number;
  /** Beside the flag for values. */
  flags?: number;
  pageSize?: number;
  timestamp?: bigint;
  skipMetadata?: boolean;
  metadataId?: Buffer;
};

export function executeEnvelope(e: ExecuteSpec): Buffer {
  let flags = (e.flags ?? 0) | 0x01;
  if (e.skipMetadata) flags |= 0x02;
  if (e.pageSize !== undefined) flags |= 0x04;
  if (e.timestamp !== undefined) flags |= 0x20;
  const parts = [be16(16), e.preparedId];
  if (e.version >= 5) parts.push(be16(16), e.metadataId ?? metadataId);
  parts.push(be16(e.consistency ?? 1), e.version >= 5 ? be32(flags) : Buffer.from([flags]), be16(e.values.length));
  for (const v of e.values) {
    if (v === null) parts.push(be32(0xffffffff));
    else if (v === 'unset') parts.push(be32(0xfffffffe));
    else parts.push(be32(v.length), v);
  }
  if (e.pageSize !== undefined) parts.push(be32(e.pageSize));
  if (e.timestamp !== undefined) parts.push(bigint(e.timestamp));
  return envelope(e.version, 0, e.stream, 0x0a, Buffer.concat(parts));
}

/** A QUERY, at ONE; `values` are those of its `?`. */
export function queryEnvelope(version: 3 | 4 | 5, stream: number, cql: string, values: (Buffer | null)[] = []): Buffer {
  const flags = values.length > 0 ? 1 : 0;
  const query = Buffer.from(cql);
  const parts = [be32(query.length), query, be16(1), version >= 5 ? be32(flags) : Buffer.from([flags])];
  if (values.length > 0) parts.push(be16(values.length));
  for (const v of values) parts.push(v === null ? be32(0xffffffff) : Buffer.concat([be32(v.length), v]));
  return envelope(version, 0, stream, 0x07, Buffer.concat(parts));
}

/** A BATCH of prepared statements. `type`: 0 logged, 1 unlogged, 2 counter. */
export function batchEnvelope(
  version: 3 | 4 | 5,
  stream: number,
  type: number,
  entries: { preparedId: Buffer; values: (Buffer | null | 'unset')[] }[],
  timestamp?: bigint,
): Buffer {
  const parts: Uint8Array[] = [Buffer.from([type]), be16(entries.length)];
  for (const { preparedId, values } of entries) {
    parts.push(Buffer.from([1]), be16(16), preparedId, be16(values.length));
    for (const v of values) {
      if (v === null) parts.push(be32(0xffffffff));
      else if (v === 'unset') parts.push(be32(0xfffffffe));
      else parts.push(be32(v.length), v);
    }
  }
  const flags = timestamp === undefined ? 0 : 0x20;
  parts.push(be16(1), version >= 5 ? be32(flags) : Buffer.from([flags]));
  if (timestamp !== undefined) parts.push(bigint(timestamp));
  return envelope(version, 0, stream, 0x0d, Buffer.concat(parts));
}
