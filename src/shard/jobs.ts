// The jobs of the background pool, on its threads. Everything blocks here.
import { compact, flushMemtable, parseComponentName, type SSTableInfo, type SSTableName } from '../storage/index.js';
import type { BackgroundJob, JobOutput, JobResult } from './background.js';
import { tokenRangesOf } from './token.js';

const nameOf = (sstable: string): SSTableName => {
  const parsed = parseComponentName(`${sstable}-Data.db`);
  if (parsed === null) throw new Error(`${sstable} is no name of an SSTable`);
  return parsed;
};

/** What every kind of output has: one SSTable of the job's name in its own folder. */
function output(job: JobOutput) {
  return {
    descriptor: job.descriptor,
    bloomFilterFpChance: job.bloomFilterFpChance,
    compression: job.compression,
    folder: job.target,
    ids: { first: Number(nameOf(job.name).id), count: 1 },
    hostId: new Uint8Array(Buffer.from(job.hostId.replaceAll('-', ''), 'hex')),
    partitionLimits: job.partitionLimits,
  };
}

const result = (written: readonly SSTableInfo[], bytesRead: number): JobResult => ({
  written: written.length > 0,
  bytesRead,
  bytesWritten: written.reduce((sum, { bytesOnDisk }) => sum + bytesOnDisk, 0),
  largePartitions: written.flatMap(({ largePartitions }) => largePartitions),
  largePartitionsLeftOut: written.reduce((sum, { largePartitionsLeftOut }) => sum + largePartitionsLeftOut, 0),
});

/** Runs a job. @throws FerrosaError CORRUPT naming a damaged input; system errors. Nothing is left behind then */
export function runJob(job: BackgroundJob): JobResult {
  if (job.kind === 'flush') return result(flushMemtable({ ...output(job), frozen: job.frozen }), 0);
  const { folder } = job;
  const input = (name: string) => ({ folder, name: nameOf(name) });
  const progress = new Float64Array(job.progress);
  const onProgress = (done: number): void => {
    progress[0] = done;
  };
  if (job.kind === 'split') {
    const ranges = tokenRangesOf(job.shard, job.shardCount);
    return result(
      compact({ ...output(job), inputs: job.inputs.map(input), overlapping: [], purge: null, ranges, onProgress }),
      job.bytesIn,
    );
  }
  const { nowSeconds, gcBefore, purgeBelow } = job;
  const written = compact({
    ...output(job),
    inputs: job.inputs.map(input),
    overlapping: job.overlapping.map(input),
    purge: { nowSeconds, gcBefore, maxPurgeableTimestamp: purgeBelow },
    onProgress,
  });
  return result(written, job.bytesIn);
}
