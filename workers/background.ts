// A thread of the background pool.
import { constants, setPriority } from 'node:os';
import { type BackgroundJob, givesWay, type JobResult } from '../src/shard/background.js';
import { runJob } from '../src/shard/jobs.js';
import { loadZstd } from '../src/storage/index.js';

// Elsewhere the priority is the process's, not the thread's.
if (process.argv.includes(givesWay) && process.platform === 'linux')
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

/** Any input may be compressed with zstd, and the job itself cannot wait. */
export default async function run(job: BackgroundJob): Promise<JobResult> {
  await loadZstd();
  return runJob(job);
}
