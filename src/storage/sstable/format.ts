// Names of SSTable files and folders, as Cassandra has them.
import { FerrosaError } from '../../common/errors.js';

/** Components of the BTI format. */
export const components = {
  data: 'Data.db',
  partitions: 'Partitions.db',
  rows: 'Rows.db',
  filter: 'Filter.db',
  statistics: 'Statistics.db',
  compressionInfo: 'CompressionInfo.db',
  digest: 'Digest.crc32',
  crc: 'CRC.db',
  toc: 'TOC.txt',
} as const;

/** What identifies an SSTable in its folder: the id is a number or Cassandra's short form of a time UUID. */
export type SSTableName = { readonly version: string; readonly id: string; readonly format: 'bti' | 'big' };

/** The version that is written. */
export const writtenVersion = 'da';

const namePattern = /^([a-z]{2})-([0-9]+|[0-9a-z]{4}_[0-9a-z]{4}_[0-9a-z]{18})-(bti|big)-(.+)$/;

/** `da-1-bti-Data.db` as its parts; null when the name is none of an SSTable component. */
export function parseComponentName(file: string): (SSTableName & { component: string }) | null {
  const match = namePattern.exec(file);
  if (match === null) return null;
  return { version: match[1]!, id: match[2]!, format: match[3] as 'bti' | 'big', component: match[4]! };
}

/** The file name of a component. */
export function componentName(name: SSTableName, component: string): string {
  return `${name.version}-${name.id}-${name.format}-${component}`;
}

/** Folder of a table below the data directory: `<keyspace>/<table>-<32 hex digits>`. */
export function tableFolder(keyspace: string, table: string, id: string): string {
  return `${keyspace}/${table}-${id.replaceAll('-', '')}`;
}

/** Damage in a file: names it and, where there is one, the place. */
export function corrupt(path: string, what: string, offset?: number): FerrosaError {
  return new FerrosaError('CORRUPT', offset === undefined ? `${path}: ${what}` : `${path}: ${what} at ${offset}`);
}
