// The background pool: threads for flushes, which must not wait behind compactions, threads for those, and one for small compactions. Those cost
// no more than the flushes whose SSTables they merge: where they waited for large ones, or for threads that give way and get no time (a machine
// under load, a node that ends again and again), small SSTables would become ever more.
import { Piscina } from 'piscina';
import { type BackgroundJob, type BackgroundPool, givesWay, type JobResult } from './background.js';

/** Threads that have nothing to do end after this many milliseconds. To make one costs a quarter of a second of a core, in the middle of requests. */
const idleMs = 60_000;
const flushThreads = 2;
/** On disk, of the SSTables that a small compaction or split reads. */
const smallBytes = 1 << 20;

export function createBackgroundPool(concurrentCompactors: number): BackgroundPool {
  // dist/src/shard/pool.js -> dist/workers/background.js
  const filename = new URL('../../workers/background.js', import.meta.url).href;
  const make = (maxThreads: number, argv: string[]) =>
    new Piscina({ filename, minThreads: 0, maxThreads, idleTimeout: idleMs, argv });
  let flushes: Piscina | null = null;
  let small: Piscina | null = null;
  let compactions: Piscina | null = null;
  return {
    run(job: BackgroundJob): Promise<JobResult> {
      if (job.kind === 'flush') {
        flushes ??= make(flushThreads, []);
        return flushes.run(job) as Promise<JobResult>;
      }
      if (job.bytesIn <= smallBytes) {
        small ??= make(1, []);
        return small.run(job) as Promise<JobResult>;
      }
      compactions ??= make(concurrentCompactors, [givesWay]);
      return compactions.run(job) as Promise<JobResult>;
    },
    async stop() {
      await Promise.all([flushes?.destroy(), small?.destroy(), compactions?.destroy()]);
    },
  };
}
