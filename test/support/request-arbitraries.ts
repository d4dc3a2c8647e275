// Requests of every kind, for properties.
import fc from 'fast-check';
import { type EventType, eventTypes, type QueryParameters, type RequestMessage } from '../../src/protocol/index.js';
import { type BindValue, UNSET } from '../../src/types/index.js';

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const bytes = fc.uint8Array({ maxLength: 60 });
const id = fc.uint8Array({ minLength: 16, maxLength: 16 });
const keyspaceOf = (version: number): fc.Arbitrary<string | null> =>
  version >= 5 ? fc.option(text) : fc.constant(null);
const values = (version: number): fc.Arbitrary<BindValue[]> =>
  fc.array(fc.oneof<fc.Arbitrary<BindValue>[]>(bytes, fc.constant(null), fc.constant(version >= 4 ? UNSET : null)), {
    maxLength: 6,
  });

function parametersOf(version: number, withValues: boolean): fc.Arbitrary<QueryParameters> {
  const base = fc.record({
    consistency: fc.integer({ min: 0, max: 10 }),
    serialConsistency: fc.constantFrom(8, 9),
    skipMetadata: fc.boolean(),
    pageSize: fc.option(fc.integer({ min: -1, max: 2 ** 31 - 1 })),
    pagingState: fc.option(bytes),
    timestamp: fc.option(fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n })),
    keyspace: keyspaceOf(version),
    nowInSeconds: version >= 5 ? fc.option(fc.integer({ min: 0, max: 2 ** 32 - 1 })) : fc.constant(null),
  });
  const bound = withValues
    ? fc.tuple(values(version), fc.boolean())
    : fc.constant([[], false] as [BindValue[], boolean]);
  return fc.tuple(base, bound).map(([rest, [list, named]]) => ({
    ...rest,
    values: list,
    names: named && list.length > 0 ? list.map((_, i) => `name${i}`) : null,
  }));
}

/** A request that a client of this version can send. */
export function requestOf(version: number): fc.Arbitrary<RequestMessage> {
  const parameters = parametersOf(version, true);
  const kinds: fc.Arbitrary<RequestMessage>[] = [
    fc.constant<RequestMessage>({ kind: 'OPTIONS' }),
    fc.dictionary(fc.stringMatching(/^[A-Z_]{1,12}$/), text, { maxKeys: 4 }).map<RequestMessage>((options) => ({
      kind: 'STARTUP',
      options: new Map(Object.entries(options)),
    })),
    fc.record({ kind: fc.constant('QUERY' as const), query: text, parameters }),
    fc.record({
      kind: fc.constant('PREPARE' as const),
      query: text,
      keyspace: keyspaceOf(version),
    }),
    fc.record({
      kind: fc.constant('EXECUTE' as const),
      id,
      resultMetadataId: version >= 5 ? id : fc.constant(null),
      parameters,
    }),
    fc.record({
      kind: fc.constant('BATCH' as const),
      type: fc.constantFrom('logged' as const, 'unlogged' as const, 'counter' as const),
      queries: fc.array(
        fc.record({ query: fc.oneof<fc.Arbitrary<string | Uint8Array>[]>(text, id), values: values(version) }),
        {
          maxLength: 4,
        },
      ),
      parameters: parametersOf(version, false),
    }),
    fc.record({
      kind: fc.constant('REGISTER' as const),
      types: fc.array(fc.constantFrom<EventType>(...eventTypes), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('AUTH_RESPONSE' as const), token: bytes }),
  ];
  return fc.oneof(...kinds);
}

export const versions = [3, 4, 5] as const;
