// Memory after a peak: what V8 and the allocator keep for the next one goes back to the system once clients have fallen silent.
import { setFlagsFromString } from 'node:v8';
import { collectGarbage } from '../../common/garbage.js';
import { keepFreedMemory, trimMemory, trimMemtableMemory } from '../../native/index.js';

/** Without a request for so long nobody waits for this thread. */
const idleMs = 2_000;
/** Without a request for so many times as long the memory of memtables goes back too: fresh memory is dear when writes come again. */
const memtableLooks = 30;
/** Fewer requests since the last time are not worth the work. */
const requestsMin = 100;

/**
 * Keeps what a flushed memtable frees for the next one. Looks every two seconds whether requests have stopped, and gives memory back
 * once when they have.
 * @param requests  those since the start
 * @param memtableBytesMax  of all memtables
 * @param collectShards  collects the garbage of the shards' threads
 * @returns ends it
 */
export function trimWhenIdle(
  requests: () => number,
  memtableBytesMax: number,
  collectShards: () => Promise<unknown>,
): () => void {
  keepFreedMemory(memtableBytesMax);
  let seen = requests();
  let trimmedAt = seen;
  let idleLooks = 0;
  const timer = setInterval(() => {
    const now = requests();
    idleLooks = now === seen ? idleLooks + 1 : 0;
    seen = now;
    if (idleLooks === memtableLooks) trimMemtableMemory();
    if (idleLooks === 0 || now - trimmedAt < requestsMin) return;
    trimmedAt = now;
    collectGarbage();
    collectShards().then(trimMemory, () => {}); // a shard that has ended is told of elsewhere
  }, idleMs).unref();
  return () => clearInterval(timer);
}

/**
 * Has V8 not collect to save memory, which it does some seconds after a start or a peak, 5 to 11 ms in the middle of requests. For threads that are
 * made later.
 */
export function collectOnlyAsNeeded(): void {
  setFlagsFromString('--no-memory-reducer');
}
