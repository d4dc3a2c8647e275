// `npm run bench:compare`: point writes and reads, slices, batches and statements off the hot path on Ferrosa, a warm Cassandra and a canned responder.
import { compareServers, type Workload } from './support/comparison.js';

const slice = ['--workload', 'ts-read', '--slice-rows', '100'];

/** A prepared statement that no hot plan runs. */
const cold = (name: string, cql: string, bind: string, reads = true): Workload => ({
  name: `off the hot path: ${name} v5`,
  args: ['--workload', 'custom', '--cql', cql, '--bind', bind, ...(reads ? ['--cql-reads'] : [])],
  proto: 5,
});

const offTheHotPath: readonly Workload[] = [
  cold('two keys', 'SELECT v FROM load.kv WHERE k IN (?, ?)', 'key,key'),
  cold('JSON', 'SELECT JSON v FROM load.kv WHERE k = ?', 'key'),
  cold('filter', 'SELECT k, v FROM load.kv WHERE k = ? AND v >= 0x00 ALLOW FILTERING', 'key'),
  cold('function', 'INSERT INTO load.kv (k, v) VALUES (?, bigintAsBlob(?))', 'key,key', false),
  {
    name: 'off the hot path: two keys as text v5',
    args: ['--workload', 'query', '--cql', 'SELECT v FROM load.kv WHERE k IN ({key}, 7)'],
    proto: 5,
  },
];

const workloads: readonly Workload[] = ([4, 5] as const).flatMap((proto) => [
  { name: `point write v${proto}`, args: ['--workload', 'write'], proto, floor: proto === 4 },
  { name: `point read v${proto}`, args: ['--workload', 'read'], proto },
  { name: `1:1 mix v${proto}`, args: ['--workload', 'mixed'], proto },
  { name: `slice of 100 rows v${proto}`, args: slice, proto },
  { name: `unprepared read v${proto}`, args: ['--workload', 'query'], proto },
  {
    name: `write at 10,000/s v${proto}`,
    args: ['--workload', 'write', '--rate', '10000'],
    proto,
    rate: 10_000,
    floor: proto === 4,
  },
  { name: `read at 10,000/s v${proto}`, args: ['--workload', 'read', '--rate', '10000'], proto, rate: 10_000 },
  { name: `point write v${proto}, shard-aware`, args: ['--workload', 'write'], proto, shardAware: true },
  { name: `point read v${proto}, shard-aware`, args: ['--workload', 'read'], proto, shardAware: true },
]);

/** At the end: what they write keeps a server compacting for minutes, beside whatever comes after. */
const batches: readonly Workload[] = ([4, 5] as const).map((proto) => ({
  name: `batch of 10 rows v${proto}`,
  args: ['--workload', 'batch'],
  proto,
}));

await compareServers([...workloads, ...offTheHotPath, ...batches]);
