// `npm run bench:compare`: point writes and reads, slices and batches on Ferrosa, a warm Cassandra and a canned responder.
import { compareServers, type Workload } from './support/comparison.js';

const slice = ['--workload', 'ts-read', '--slice-rows', '100'];

const workloads: readonly Workload[] = ([4, 5] as const).flatMap((proto) => [
  { name: `point write v${proto}`, args: ['--workload', 'write'], proto, floor: proto === 4 },
  { name: `point read v${proto}`, args: ['--workload', 'read'], proto },
  { name: `1:1 mix v${proto}`, args: ['--workload', 'mixed'], proto },
  { name: `slice of 100 rows v${proto}`, args: slice, proto },
  { name: `batch of 10 rows v${proto}`, args: ['--workload', 'batch'], proto },
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

await compareServers(workloads);
