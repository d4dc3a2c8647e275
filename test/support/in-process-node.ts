// A node without threads and sockets: real planner, coordinator and engine, two shards in this thread. Nothing is kept.
import { randomBytes } from 'node:crypto';
import { LocalCoordinator, type ShardPort } from '../../src/cluster/index.js';
import { FerrosaError } from '../../src/common/errors.js';
import { indexTablesOf } from '../../src/index/index.js';
import { NativeStore, ReadOperation, readBudgetDefault, serverMicros } from '../../src/native/index.js';
import {
  type ClientState,
  defaultQuerySettings,
  GuardrailConfig,
  internalOptions,
  nativeFunctions,
  Processor,
  type QueryOptions,
  type QueryResult,
  type QuerySettings,
  resolveColumnMask,
} from '../../src/query/index.js';
import {
  applyDdl,
  Catalogue,
  encodeDescriptor,
  systemSchema,
  type UserFunction,
  virtualTable,
} from '../../src/schema/index.js';
import { cellsOf } from '../../src/storage/index.js';
import { type BindValue, toCqlLiteral } from '../../src/types/index.js';
import { createUserFunctions } from '../../src/udf/index.js';

const hostId = '11111111-2222-4333-8444-555555555555';

class Shards implements ShardPort {
  readonly stores: NativeStore[];

  constructor(readonly shardCount: number) {
    this.stores = Array.from({ length: shardCount }, () => new NativeStore(new Uint8Array(16).fill(7)));
  }

  now(): number {
    return 0;
  }

  async mutate(shard: number, mutation: Uint8Array): Promise<void> {
    const store = this.stores[shard]!;
    if (store.check(mutation)) {
      const prepared = store.prepareCounter(mutation);
      if (!(prepared instanceof Uint8Array)) throw new Error('no chunks are needed without SSTables');
      store.apply(prepared);
    } else store.apply(mutation);
  }

  async batch(shard: number, mutations: readonly Uint8Array[]): Promise<void> {
    for (const mutation of mutations) await this.mutate(shard, mutation);
  }

  async read(shard: number, command: Uint8Array): Promise<Uint8Array> {
    const operation = new ReadOperation(command);
    for (;;) {
      const answer = this.stores[shard]!.read(operation, readBudgetDefault);
      if (answer instanceof Uint8Array) return answer;
      if (answer !== null) throw new Error('no chunks are needed without SSTables');
    }
  }

  async vectors(): Promise<Uint8Array> {
    throw new Error('this node has no vector indexes');
  }

  /** Nothing but JavaScript writes here. */
  async hold(): Promise<void> {}

  async control(shard: number, message: unknown): Promise<unknown> {
    const { op, tables } = message as { op: string; tables: readonly string[] };
    if (op !== 'truncate') throw new Error(`unknown control ${op}`);
    for (const table of tables)
      this.stores[shard]!.truncate(new Uint8Array(Buffer.from(table.replaceAll('-', ''), 'hex')));
    return {};
  }
}

export class InProcessNode {
  readonly catalogue = new Catalogue(systemSchema());
  readonly processor: Processor;
  readonly guardrails = new GuardrailConfig();
  readonly shards: Shards;
  readonly userFunctions = createUserFunctions(
    {
      enabled: true,
      warnTimeoutMs: 500,
      failTimeoutMs: 1_500,
      memoryBytesMax: 32 << 20,
      statementTimeoutMs: 0,
      threads: 1,
    },
    () => {},
  );
  /** Microseconds since the epoch; set it to freeze the clock. */
  frozenMicros: bigint | null = null;

  constructor(settings: Partial<QuerySettings> = {}, shardCount = 2) {
    this.shards = new Shards(shardCount);
    const { shards, catalogue } = this;
    for (const keyspace of catalogue.schema.keyspaces.values())
      for (const table of keyspace.tables.values())
        if (!table.virtual) for (const store of shards.stores) store.setTable(encodeDescriptor(table));
    const replicas = (name: string) => {
      const factor = Number(catalogue.schema.keyspaces.get(name)?.replication['replication_factor'] ?? 1);
      return { wanted: factor, alive: Math.min(factor, 1) };
    };
    const node = {
      hostId,
      datacenter: 'datacenter1',
      rack: 'rack1',
      tokens: ['0'],
      releaseVersion: '5.0.9',
      broadcastAddress: '127.0.0.1',
      broadcastPort: 7000,
      listenAddress: '127.0.0.1',
      listenPort: 7000,
      nativeAddress: '127.0.0.1',
      nativePort: 9042,
    };
    this.processor = new Processor({
      catalogue,
      metadata: {
        change: async (statement, keyspace) => {
          const result = applyDdl(catalogue.schema, statement, {
            keyspace,
            topology: new Map([['datacenter1', 1]]),
            nowMicros: this.nowMicros(),
            userFunctionsEnabled: true,
            resolveMask: resolveColumnMask,
            checkViewWhere: null,
            newTableId: () =>
              randomBytes(16)
                .toString('hex')
                .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
          });
          if (result.change === null) return result;
          if (statement.kind === 'createFunction') {
            const { keyspace: of, name, argumentTypes } = result.change;
            const key = `${name}(${argumentTypes!.join(', ')})`;
            await this.userFunctions.check(result.schema.keyspaces.get(of)!.functions.get(key) as UserFunction);
          }
          for (const { before, after } of result.tables)
            for (const store of shards.stores) {
              if (after !== null)
                for (const table of [...indexTablesOf(after).map((index) => index.table), after])
                  store.setTable(encodeDescriptor(table));
              else store.dropTable(new Uint8Array(Buffer.from(before!.id.replaceAll('-', ''), 'hex')));
            }
          catalogue.publish(result.schema, result.events);
          return result;
        },
      },
      coordinator: new LocalCoordinator(
        shards,
        catalogue,
        replicas,
        { isBuilt: () => true, stampMicros: () => this.nowMicros() },
        () => this.nowMicros(),
      ),
      functions: nativeFunctions(),
      userFunctions: this.userFunctions,
      clock: {
        nowMicros: () => this.nowMicros(),
        nowMs: () => Number(this.nowMicros() / 1000n),
        nowSeconds: () => Number(this.nowMicros() / 1_000_000n),
        monotonicMicros: () => performance.now() * 1000,
      },
      settings: { ...defaultQuerySettings, ...settings },
      guardrails: this.guardrails,
      pagingKey: new Uint8Array(32).fill(1),
      randomBytes: (count) => randomBytes(count),
      virtualRows: (table) =>
        virtualTable(table).rows({
          schema: catalogue.schema,
          clusterName: 'Test Cluster',
          gossipGeneration: 1,
          local: node,
          peers: [],
          figures: {},
        }),
      describe: () => {
        throw new FerrosaError('INVALID', 'DESCRIBE is not part of this node');
      },
      warn: () => {},
    });
  }

  nowMicros(): bigint {
    if (this.frozenMicros !== null) return this.frozenMicros;
    return serverMicros(); // the addon writes beside it in some tests, by the same clock
  }
}

/** A session on an in-process node. */
export class Session {
  readonly client: ClientState = { keyspace: null, user: null, address: '127.0.0.1', port: 1, protocolVersion: 5 };

  constructor(readonly node: InProcessNode = new InProcessNode()) {}

  /** Runs a statement. */
  query(text: string, values: readonly BindValue[] = [], options: Partial<QueryOptions> = {}): Promise<QueryResult> {
    return this.node.processor.query(text, this.client, { ...internalOptions(values), ...options });
  }

  /** Prepares and executes. */
  async execute(text: string, values: readonly BindValue[], options: Partial<QueryOptions> = {}): Promise<QueryResult> {
    const prepared = await this.node.processor.prepare(text, this.client, null);
    return this.node.processor.execute(prepared, this.client, { ...internalOptions(values), ...options });
  }

  /** Runs statements one after the other. */
  async all(...texts: string[]): Promise<void> {
    for (const text of texts) await this.query(text);
  }

  /** The rows of a SELECT as CQL literals. */
  async rows(
    text: string,
    values: readonly BindValue[] = [],
    options: Partial<QueryOptions> = {},
  ): Promise<string[][]> {
    return literalsOf(await this.query(text, values, options));
  }

  /** The message of the error that a statement ends with, with its code before it. */
  async error(text: string, values: readonly BindValue[] = [], options: Partial<QueryOptions> = {}): Promise<string> {
    try {
      await this.query(text, values, options);
    } catch (error) {
      if (error instanceof FerrosaError) return `${error.code}: ${error.message}`;
      throw error;
    }
    return 'no error';
  }
}

/** The cells of a result, row by row. */
export function cellsOfResult(result: QueryResult): (Uint8Array | null)[][] {
  if (result.kind !== 'rows') return [];
  const width = result.columns.length;
  const all = Buffer.concat(result.rows);
  const cells = cellsOf(all, width * result.rowCount);
  return Array.from({ length: result.rowCount }, (_, row) => cells.slice(row * width, (row + 1) * width));
}

/** The values of a result as CQL literals. */
export function literalsOf(result: QueryResult): string[][] {
  if (result.kind !== 'rows') throw new Error(`no rows but ${result.kind}`);
  return cellsOfResult(result).map((row) => row.map((cell, i) => toCqlLiteral(result.columns[i]!.type, cell)));
}
