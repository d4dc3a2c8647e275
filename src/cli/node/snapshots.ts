// Snapshots on disk, those of tables that are gone among them.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export type SnapshotInfo = {
  readonly tag: string;
  readonly keyspace: string;
  readonly table: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly bytes: number;
  /** Bytes that only the snapshot holds. */
  readonly trueBytes: number;
};

/** Every snapshot in the data folder. */
export async function findSnapshots(dataDir: string): Promise<SnapshotInfo[]> {
  const root = join(dataDir, 'data');
  const found: SnapshotInfo[] = [];
  for (const keyspace of await namesIn(root))
    for (const folder of await namesIn(join(root, keyspace))) {
      const snapshots = join(root, keyspace, folder, 'snapshots');
      const table = folder.slice(0, folder.lastIndexOf('-'));
      for (const tag of await namesIn(snapshots))
        found.push({ tag, keyspace, table, ...(await measure(join(snapshots, tag))) });
    }
  return found;
}

/** Names in a folder; none when it is not there (any more). */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

async function measure(folder: string): Promise<Pick<SnapshotInfo, 'createdAt' | 'bytes' | 'trueBytes'>> {
  let [bytes, trueBytes, createdAt] = [0, 0, 0];
  for (const name of await namesIn(folder)) {
    const file = await stat(join(folder, name)).catch(() => null);
    if (file === null) continue;
    bytes += file.size;
    if (file.nlink === 1) trueBytes += file.size;
    if (name === 'manifest.json') createdAt = file.mtimeMs;
  }
  return { bytes, trueBytes, createdAt };
}
