// `npm run bench:features`: what is built above the point reads and writes (conditional updates, indexes, views, counters, collections,
// aggregates), each as prepared statements on Ferrosa and on a warm Cassandra.
import { compareServers, type Workload } from './support/comparison.js';

const table = (name: string, columns: string): string =>
  `DROP TABLE IF EXISTS load.${name};CREATE TABLE load.${name} (${columns})`;

type Custom = {
  readonly name: string;
  /** Statements, apart by semicolons. */
  readonly setup: string;
  readonly fill?: { readonly cql: string; readonly bind: string };
  readonly cql: string;
  readonly bind: string;
  readonly reads?: boolean;
  /** Further arguments: of the filling, and of the measuring. */
  readonly fillArgs?: readonly string[];
  readonly askArgs?: readonly string[];
};

/** A prepared statement over and over; the values are made as `bind` says (`cqlload --help`). */
function custom({ name, setup, fill, cql, bind, reads, fillArgs = [], askArgs = [] }: Custom): Workload {
  const base = ['--workload', 'custom'];
  const preload = fill === undefined ? [] : ['--preload', '--preload-cql', fill.cql, '--preload-bind', fill.bind];
  return {
    name,
    proto: 5,
    prepare: [...base, '--setup-cql', setup, ...preload, ...fillArgs],
    args: [...base, '--cql', cql, '--bind', bind, ...(reads === true ? ['--cql-reads'] : []), ...askArgs],
  };
}

/** 100,000 rows, ten with each value of the indexed column. */
const indexed = (name: string, index: string) =>
  custom({
    name: `lookup by ${name}`,
    setup: `${table('ix', 'k bigint PRIMARY KEY, c int, v blob')};CREATE ${index}`,
    fill: { cql: 'INSERT INTO load.ix (k, c, v) VALUES (?, ?, ?)', bind: 'key,int:10000,value' },
    cql: 'SELECT k, v FROM load.ix WHERE c = ?',
    bind: 'rint:10000',
    reads: true,
  });

const partitionRows = 'k bigint, t bigint, n int, v blob, PRIMARY KEY (k, t)';

const workloads: readonly Workload[] = [
  custom({
    name: 'INSERT IF NOT EXISTS',
    setup: table('lwt', 'k bigint PRIMARY KEY, v blob'),
    cql: 'INSERT INTO load.lwt (k, v) VALUES (?, ?) IF NOT EXISTS',
    bind: 'seq,value',
    reads: true,
  }),
  custom({
    name: 'UPDATE IF condition',
    setup: table('lwt', 'k bigint PRIMARY KEY, n int, v blob'),
    fill: { cql: 'INSERT INTO load.lwt (k, n, v) VALUES (?, ?, ?)', bind: 'key,int:10,value' },
    cql: 'UPDATE load.lwt SET v = ? WHERE k = ? IF n >= ?',
    bind: 'value,key,rint:10',
    reads: true,
  }),
  indexed('StorageAttachedIndex', "CUSTOM INDEX ix_sai ON load.ix (c) USING 'StorageAttachedIndex'"),
  indexed('secondary index', 'INDEX ix_2i ON load.ix (c)'),
  custom({
    name: 'write with StorageAttachedIndex',
    setup: `${table('ix', 'k bigint PRIMARY KEY, c int, v blob')};CREATE CUSTOM INDEX ix_sai ON load.ix (c) USING 'StorageAttachedIndex'`,
    cql: 'INSERT INTO load.ix (k, c, v) VALUES (?, ?, ?)',
    bind: 'key,rint:10000,value',
  }),
  custom({
    name: 'aggregate over 1,000 rows',
    setup: table('agg', partitionRows),
    fill: { cql: 'INSERT INTO load.agg (k, t, n, v) VALUES (?, ?, ?, ?)', bind: 'big:100,key,int:1000,value' },
    cql: 'SELECT count(*), sum(n), max(t) FROM load.agg WHERE k = ?',
    bind: 'rbig:100',
    reads: true,
  }),
  custom({
    name: 'COUNT(*) of a million rows, one at a time',
    setup: table('million', 'k bigint PRIMARY KEY, v blob'),
    fill: { cql: 'INSERT INTO load.million (k, v) VALUES (?, ?)', bind: 'key,value' },
    cql: 'SELECT count(*) FROM load.million',
    bind: '',
    reads: true,
    fillArgs: ['--keys', '1000000'],
    askArgs: ['--conns', '1', '--inflight', '1'],
  }),
  {
    name: 'logged batch of 10 partitions',
    proto: 5,
    prepare: ['--workload', 'none'],
    args: ['--workload', 'batch', '--batch-logged', '--batch-spread'],
  },
  custom({
    name: 'counter update',
    setup: table('cnt', 'k bigint PRIMARY KEY, c counter'),
    cql: 'UPDATE load.cnt SET c = c + 1 WHERE k = ?',
    bind: 'key',
  }),
  custom({
    name: 'write with a materialized view',
    setup: `DROP MATERIALIZED VIEW IF EXISTS load.by_c;${table('base', 'k bigint PRIMARY KEY, c int, v blob')};CREATE MATERIALIZED VIEW load.by_c AS SELECT * FROM load.base WHERE c IS NOT NULL AND k IS NOT NULL PRIMARY KEY (c, k)`,
    cql: 'INSERT INTO load.base (k, c, v) VALUES (?, ?, ?)',
    bind: 'key,rint:10000,value',
  }),
  custom({
    name: 'collection update',
    setup: table('coll', 'k bigint PRIMARY KEY, m map<int, blob>'),
    cql: 'UPDATE load.coll SET m[?] = ? WHERE k = ?',
    bind: 'rint:16,value,key',
  }),
];

await compareServers(workloads, {}, ['materialized_views_enabled=true']);
