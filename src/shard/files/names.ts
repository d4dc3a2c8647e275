// Where things lie in the data folder, and the names of Cassandra's SSTable files.
import { join } from 'node:path';

/** `<data>/data/<keyspace>/<table>-<id>`, as Cassandra lays it out. */
export function tableFolder(dataDir: string, keyspace: string, table: string, id: string): string {
  return join(dataDir, 'data', keyspace, `${table}-${id.replaceAll('-', '')}`);
}
/** `<data>/indexes`: beside the tables' folders, since no tool of Cassandra could read what is in it. */
export const indexesFolder = (dataDir: string): string => join(dataDir, 'indexes');
/** Of the table that holds the entries of an index. */
export const indexFolder = (dataDir: string, id: string): string =>
  join(indexesFolder(dataDir), id.replaceAll('-', ''));
/** The graph that a shard has of a vector index. */
export const vectorGraphFile = (dataDir: string, id: string, shard: number): string =>
  join(indexFolder(dataDir, id), `graph-${shard}.fvg`);
export const commitLogFolder = (dataDir: string, shard: number): string => join(dataDir, 'commitlog', String(shard));

/** Folders inside a table's folder. */
export const temporaryFolder = '.ferrosa-tmp';
export const corruptFolder = 'corrupt';
export const snapshotFolder = 'snapshots';

/** `da-7-bti-Data.db`: what stands before the component's name is the SSTable's name. */
export type SSTableFile = {
  readonly sstable: string;
  readonly version: string;
  readonly id: string;
  readonly format: string;
  readonly component: string;
};

/** null when the name is not that of an SSTable component. Source: Descriptor.java, Component.java. */
export function parseSSTableFile(name: string): SSTableFile | null {
  const match = /^(([a-z]{2})-([0-9a-z_]+)-(big|bti))-([A-Za-z0-9_+]+\.[a-z0-9]+)$/.exec(name);
  if (match === null) return null;
  const [, sstable, version, id, format, component] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  return { sstable, version, id, format, component };
}

/** Versions of the formats that can be read. */
export const readableVersions: Readonly<Record<string, readonly string[]>> = { bti: ['da'] };

const segmentName = /^segment-(\d+)\.log$/;
/** One that has no header on disk yet: LogSegment::Create of native/core/commit_log.cc. */
export const unfinishedSegment = /^segment-\d+\.log\.new$/;
/** The id in a commit log segment's name, null for other files. */
export function segmentIdOf(name: string): number | null {
  const match = segmentName.exec(name);
  return match === null ? null : Number(match[1]);
}
