// Snapshots on disk, those of tables that are gone among them.
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { invalid } from '../../common/errors.js';
import type { SnapshotInfo } from '../../http/index.js';

type Place = { readonly keyspace: string; readonly table: string; readonly tag: string; readonly path: string };

async function* places(dataDir: string): AsyncGenerator<Place> {
  const root = join(dataDir, 'data');
  for (const keyspace of await namesIn(root))
    for (const folder of await namesIn(join(root, keyspace))) {
      const snapshots = join(root, keyspace, folder, 'snapshots');
      const table = folder.slice(0, folder.lastIndexOf('-'));
      for (const tag of await namesIn(snapshots)) yield { keyspace, table, tag, path: join(snapshots, tag) };
    }
}

/** Every snapshot in the data folder. */
export async function findSnapshots(dataDir: string): Promise<SnapshotInfo[]> {
  const found: SnapshotInfo[] = [];
  for await (const { path, ...place } of places(dataDir)) found.push({ ...place, ...(await measure(path)) });
  return found;
}

/**
 * Deletes snapshots.
 * @param tag  null: whatever they are called
 * @param keyspaces  empty: of all
 */
export async function clearSnapshots(dataDir: string, tag: string | null, keyspaces: readonly string[]): Promise<void> {
  for await (const place of places(dataDir))
    if ((tag === null || place.tag === tag) && (keyspaces.length === 0 || keyspaces.includes(place.keyspace)))
      await rm(place.path, { recursive: true, force: true });
}

/** A name that is one folder. @throws FerrosaError INVALID */
export function checkTag(tag: string): void {
  if (tag === '' || tag === '.' || tag === '..' || /[/\0]/.test(tag))
    throw invalid(`'${tag}' is no name for a snapshot`);
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
