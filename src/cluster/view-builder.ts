// Builds materialized views over what their base has already: partition after partition, in token order, beside the traffic.
import { Consistency } from '../query/index.js';
import { encodeReadCommand, RowStream, Selected } from '../storage/index.js';
import type { LocalCoordinator } from './local-coordinator.js';
import { idBytes } from './table-ids.js';

/** How far a build has come. */
export type ViewBuildProgress = {
  /** All partitions up to it are built. */
  readonly lastToken: bigint;
  readonly keysBuilt: number;
};

const partitionsAtATime = 256;
const partitionsInFlight = 16;
const readTimeoutMs = 60_000;
const tokenMin = -(2n ** 63n);
const tokenMax = 2n ** 63n - 1n;

/**
 * Writes the partitions of a table to its views, as both are at the time.
 * @param base  UUID text of the table
 * @param from  where an earlier build had come to; null for the start
 * @param isWanted  asked between two parts: false ends the build
 * @param onProgress  awaited after every part
 * @returns false when it was ended
 * @throws FerrosaError what reads and writes throw
 */
export async function buildView(
  coordinator: LocalCoordinator,
  base: string,
  durable: boolean,
  from: ViewBuildProgress | null,
  isWanted: () => boolean,
  onProgress: (progress: ViewBuildProgress) => Promise<void>,
): Promise<boolean> {
  await coordinator.writesPassed(base);
  let progress: ViewBuildProgress = from ?? { lastToken: tokenMin, keysBuilt: 0 };
  let startInclusive = from === null;
  for (;;) {
    const command = encodeReadCommand({
      tableId: idBytes(base),
      nowSeconds: Math.floor(Date.now() / 1000),
      partitions: { range: { start: progress.lastToken, startInclusive, end: tokenMax, endInclusive: true } },
      distinct: true,
      columns: [{ what: Selected.token, which: 0 }],
      rowLimit: partitionsAtATime,
    });
    const options = { consistency: Consistency.ONE, timeoutMs: readTimeoutMs };
    const stream = new RowStream(await coordinator.read({ command, tokens: null }, options));
    const found = stream.partitions().map(({ key, token }) => ({ key: key.slice(), token }));
    for (let i = 0; i < found.length; i += partitionsInFlight)
      await Promise.all(
        found.slice(i, i + partitionsInFlight).map(({ key }) => coordinator.buildViews(base, key, durable)),
      );
    const last = found.at(-1);
    if (last === undefined || stream.position === null) return true;
    // Partitions of one token may be cut in two: the token is read again.
    startInclusive = found[0]!.token !== last.token;
    progress = { lastToken: last.token, keysBuilt: progress.keysBuilt + found.length };
    await onProgress(progress);
    if (!isWanted()) return false;
  }
}
