// Snapshots: hard links to the files of a table's SSTables, in the place and with the manifest.json that Cassandra's tools expect.
import { link, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from './durable.js';
import type { ManifestEntry } from './manifest.js';
import { parseSSTableFile, snapshotFolder } from './names.js';

/** Links the SSTables into `snapshots/<tag>`; the number of SSTables. System error EEXIST when the tag is taken. */
export async function snapshotFiles(folder: string, sstables: readonly ManifestEntry[], tag: string): Promise<number> {
  const target = join(folder, snapshotFolder, tag);
  await mkdir(join(folder, snapshotFolder), { recursive: true });
  await mkdir(target);
  const content = new Set(sstables.map(({ name }) => name));
  const data: string[] = [];
  for (const name of await readdir(folder)) {
    const file = parseSSTableFile(name);
    if (file === null || !content.has(file.sstable)) continue;
    await link(join(folder, name), join(target, name));
    if (file.component === 'Data.db') data.push(name);
  }
  await writeFileDurably(join(target, 'manifest.json'), `${JSON.stringify({ files: data })}\n`);
  return data.length;
}
