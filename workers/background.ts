// A thread of the background pool.
import type { BackgroundJob, JobResult } from '../src/shard/background.js';
import { runJob } from '../src/shard/jobs.js';
import { loadZstd } from '../src/storage/index.js';

/** Any input may be compressed with zstd, and the job itself cannot wait. */
export default async function run(job: BackgroundJob): Promise<JobResult> {
  await loadZstd();
  return runJob(job);
}
