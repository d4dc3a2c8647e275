// The query layer of a node: processor, virtual tables, DESCRIBE.
import { invalid } from '../../common/errors.js';
import {
  Denylist,
  type GuardrailConfig,
  nativeFunctions,
  PreparedStatementsTable,
  Processor,
  type QueryServices,
} from '../../query/index.js';
import { describe, type PlainRow, type Schema, virtualTable } from '../../schema/index.js';
import type { Log } from '../log.js';
import type { Config } from '../settings.js';
import { monotonicMicros, nowMicros, nowMs, nowSeconds, random } from './environment.js';
import type { Figures } from './figures.js';
import type { NodeStorage } from './storage.js';

/** How long CREATE INDEX waits for the build, in milliseconds; what takes longer goes on in the background. */
const indexBuildWaitMs = 1_000;

/** system."IndexInfo": Cassandra's column table_name holds the keyspace. */
function builtIndexes({ keyspaces }: Schema, builds: NodeStorage['builds']): PlainRow[] {
  return [...keyspaces.values()].flatMap(({ name, tables }) =>
    [...tables.values()]
      .flatMap(({ indexes }) => indexes)
      .filter(({ id }) => builds.isBuilt(id))
      .map((index) => ({ table_name: name, index_name: index.name })),
  );
}

/** Makes the processor, with what was prepared before the restart. `startedAtSeconds`: of this process, the generation that drivers see. */
export async function createProcessor(
  config: Config,
  { metadata, record, shards, coordinator, userFunctions, builds }: NodeStorage,
  pagingKey: Uint8Array,
  startedAtSeconds: number,
  figures: Figures,
  guardrails: GuardrailConfig,
  log: Log,
): Promise<Processor> {
  const { catalogue } = metadata;
  const prepared = new PreparedStatementsTable();
  const services: QueryServices = {
    catalogue,
    metadata: {
      async change(statement, keyspace) {
        if (statement.kind === 'createView' && !config.materialized_views_enabled)
          throw invalid('Materialized views are disabled. Enable in cassandra.yaml to use.');
        const result = await metadata.change(statement, keyspace);
        // The client may use the table as soon as it has the answer.
        await shards.settled();
        // The index of a small table can be asked at once.
        if (statement.kind === 'createIndex' || statement.kind === 'createTableLike')
          await builds.settled(indexBuildWaitMs);
        return result;
      },
    },
    coordinator,
    functions: nativeFunctions(),
    userFunctions,
    clock: { nowMicros, nowMs, nowSeconds, monotonicMicros },
    settings: {
      readTimeoutMs: config.read_request_timeout,
      rangeTimeoutMs: config.range_request_timeout,
      writeTimeoutMs: config.write_request_timeout,
      counterWriteTimeoutMs: config.counter_write_request_timeout,
      casContentionTimeoutMs: config.cas_contention_timeout,
      truncateTimeoutMs: config.truncate_request_timeout,
      preparedStatementsCacheBytes: config.prepared_statements_cache_size,
      batchSizeWarnBytes: config.batch_size_warn_threshold,
      batchSizeFailBytes: config.batch_size_fail_threshold,
      unloggedBatchAcrossPartitionsWarn: config.unlogged_batch_across_partitions_warn_threshold,
      tombstoneWarn: config.tombstone_warn_threshold,
      tombstoneFail: config.tombstone_failure_threshold,
      dynamicDataMasking: config.dynamic_data_masking_enabled,
      slowQueryMs: config.slow_query_log_timeout,
      slowQueriesKept: config.slow_queries_kept,
      queryFingerprintsMax: config.query_fingerprints_max,
      textPlansMax: config.text_plans_max,
    },
    guardrails,
    denylist: new Denylist(guardrails),
    node: { address: record.broadcastAddress, port: record.broadcastPort },
    pagingKey,
    randomBytes: random,
    virtualRows(table) {
      const read = (rows: readonly PlainRow[]) =>
        virtualTable(table).rows({
          schema: catalogue.schema,
          clusterName: config.cluster_name,
          gossipGeneration: startedAtSeconds,
          local: record,
          peers: [],
          figures: { [table.name]: () => rows },
        });
      if (table.name === 'IndexInfo') return read(builtIndexes(catalogue.schema, builds));
      if (table.keyspace !== 'system_views' && table.keyspace !== 'system_observability') return read([]);
      const rows = figures.rows(table.name);
      return rows instanceof Promise ? rows.then(read) : read(rows);
    },
    describe(statement, keyspace) {
      const result = describe(statement, {
        schema: catalogue.schema,
        keyspace,
        clusterName: config.cluster_name,
        snitch: 'SimpleSnitch',
        rangeOwnership: () =>
          new Map(record.tokens.map((token) => [token, [`${record.broadcastAddress}:${record.broadcastPort}`]])),
      });
      const columns = result.columns.map((column) => ({ keyspace: 'system', table: 'describe', ...column }));
      return { columns, rows: result.rows };
    },
    warn: (message: string) => log.warn(message),
  };
  const processor = new Processor(services, prepared);
  await prepared.load(processor);
  prepared.attach(processor);
  return processor;
}
