// What the parts of a node are given of the world: clock, randomness, secrets.
import { randomBytes } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serverMicros } from '../../native/index.js';
import { TimeUuids } from '../../query/index.js';
import { writeFileDurably } from '../../shard/index.js';

/** Microseconds since the epoch, strictly increasing over all threads of the process. */
export const nowMicros = (): bigint => serverMicros();
export const nowMs = (): number => Date.now();
export const nowSeconds = (): number => Math.floor(Date.now() / 1000);
export const monotonicMicros = (): number => Math.floor(performance.now() * 1000);
export const random = (count: number): Uint8Array => new Uint8Array(randomBytes(count));

/** A new time UUID as its 16 bytes. */
export const nextTimeUuid = (): Uint8Array => timeUuids.next();
const timeUuids = new TimeUuids(nowMicros, random(8));

const pagingKeyBytes = 32;

/** The secret that signs paging states: made at the first start, so that a page can be continued after a restart. */
export async function loadPagingKey(dataDir: string): Promise<Uint8Array> {
  const path = join(dataDir, 'metadata', 'paging.key');
  try {
    const key = await readFile(path);
    if (key.length === pagingKeyBytes) return new Uint8Array(key);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const key = random(pagingKeyBytes);
  await writeFileDurably(path, key);
  await chmod(path, 0o600);
  return key;
}
