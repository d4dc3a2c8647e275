// Requests as a driver writes them, from the specification: the other half of src/protocol/request.ts.

import type { QueryParameters, RequestMessage } from '../../src/protocol/index.js';
import { UNSET } from '../../src/types/index.js';
import { encode } from './cql-frames.js';

const value = (bytes: Uint8Array | null | typeof UNSET): Buffer => {
  if (bytes === UNSET) return encode.int(-2);
  return bytes === null ? encode.int(-1) : Buffer.concat([encode.int(bytes.length), bytes]);
};

function parameters(options: QueryParameters, version: number): Buffer {
  let flags = 0;
  const parts: Buffer[] = [];
  const add = (flag: number, ...bytes: Buffer[]): void => {
    flags |= flag;
    parts.push(...bytes);
  };
  if (options.values.length > 0) {
    add(0x01, encode.short(options.values.length));
    if (options.names !== null) add(0x40);
    options.values.forEach((bytes, i) => {
      if (options.names !== null) parts.push(encode.string(options.names[i]!));
      parts.push(value(bytes));
    });
  }
  if (options.skipMetadata) add(0x02);
  if (options.pageSize !== null) add(0x04, encode.int(options.pageSize));
  if (options.pagingState !== null) add(0x08, value(options.pagingState));
  if (options.serialConsistency !== 8) add(0x10, encode.short(options.serialConsistency));
  if (options.timestamp !== null) add(0x20, encode.long(options.timestamp));
  if (version >= 5 && options.keyspace !== null) add(0x80, encode.string(options.keyspace));
  if (version >= 5 && options.nowInSeconds !== null) add(0x100, encode.int(options.nowInSeconds | 0));
  const flagBytes = version >= 5 ? encode.int(flags) : Buffer.from([flags]);
  return Buffer.concat([encode.short(options.consistency), flagBytes, ...parts]);
}

/** The body of a request's envelope. */
export function encodeRequestBody(message: RequestMessage, version: number): Buffer {
  switch (message.kind) {
    case 'OPTIONS':
      return Buffer.alloc(0);
    case 'STARTUP':
      return encode.stringMap(Object.fromEntries(message.options));
    case 'QUERY':
      return Buffer.concat([encode.longString(message.query), parameters(message.parameters, version)]);
    case 'PREPARE': {
      const parts: Buffer[] = [encode.longString(message.query)];
      if (version >= 5) parts.push(encode.int(message.keyspace === null ? 0 : 1));
      if (version >= 5 && message.keyspace !== null) parts.push(encode.string(message.keyspace));
      return Buffer.concat(parts);
    }
    case 'EXECUTE': {
      const parts: Buffer[] = [encode.shortBytes(message.id)];
      if (version >= 5) parts.push(encode.shortBytes(message.resultMetadataId ?? Buffer.alloc(0)));
      return Buffer.concat([...parts, parameters(message.parameters, version)]);
    }
    case 'BATCH': {
      const parts: Buffer[] = [Buffer.from([['logged', 'unlogged', 'counter'].indexOf(message.type)])];
      parts.push(encode.short(message.queries.length));
      for (const { query, values } of message.queries) {
        if (typeof query === 'string') parts.push(Buffer.from([0]), encode.longString(query));
        else parts.push(Buffer.from([1]), encode.shortBytes(query));
        parts.push(encode.short(values.length), ...values.map(value));
      }
      return Buffer.concat([...parts, parameters({ ...message.parameters, values: [], names: null }, version)]);
    }
    case 'REGISTER':
      return Buffer.concat([encode.short(message.types.length), ...message.types.map(encode.string)]);
    case 'AUTH_RESPONSE':
      return value(message.token);
  }
}
