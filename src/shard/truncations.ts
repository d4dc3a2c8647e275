// TRUNCATE of several tables as one: what is to be done to their manifests is on disk before the first of them is changed, and is finished
// at the next start when the process ends in between. Format: docs/format/manifest.md.
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { FerrosaError } from '../common/errors.js';
import { indexTablesOf } from '../index/index.js';
import type { TableDefinition } from '../schema/index.js';
import { removeFile, syncFolder, writeFileDurably } from './files/durable.js';
import { applyChange, emptyManifest, type FlushedMark, readManifest, writeManifest } from './files/manifest.js';

/** What becomes of one table. */
export type TruncatedTable = {
  /** UUID text. */
  readonly id: string;
  readonly folder: string;
  /** SSTables. */
  readonly remove: readonly string[];
  /** Of every shard. */
  readonly flushed: readonly FlushedMark[];
};

type Truncation = { readonly format: 1; readonly tables: readonly TruncatedTable[] };

const folderOf = (dataDir: string): string => join(dataDir, 'truncations');
let next = 1;

/**
 * Keeps what is about to be done: from here on it happens, whatever becomes of the process.
 * @returns what forgets it, once all manifests are written
 * @throws system errors: nothing is kept
 */
export async function beginTruncation(
  dataDir: string,
  tables: readonly TruncatedTable[],
): Promise<() => Promise<void>> {
  const folder = folderOf(dataDir);
  if ((await mkdir(folder, { recursive: true })) !== undefined) await syncFolder(dataDir);
  const path = join(folder, `${process.pid}-${next++}.json`);
  const kept = tables.map((table) => ({ ...table, folder: relative(dataDir, table.folder) }));
  const truncation: Truncation = { format: 1, tables: kept };
  await writeFileDurably(path, `${JSON.stringify(truncation)}\n`);
  return async () => {
    await removeFile(path);
    // Not to be found again when SSTables of the same names may have been written.
    await syncFolder(folder);
  };
}

/**
 * Does what was kept when the process ended. Call before the tables are opened.
 * @param definitions  the tables there are; what has been dropped since is left alone
 * @throws FerrosaError CORRUPT naming a damaged file; system errors
 */
export async function finishTruncations(dataDir: string, definitions: readonly TableDefinition[]): Promise<void> {
  const folder = folderOf(dataDir);
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const there = new Set(definitions.flatMap((one) => [one.id, ...indexTablesOf(one).map(({ table }) => table.id)]));
  for (const name of names.filter((one) => one.endsWith('.json'))) {
    const path = join(folder, name);
    for (const table of await readTruncation(path)) if (there.has(table.id)) await finish(dataDir, table);
    await removeFile(path);
    await syncFolder(folder);
  }
}

async function finish(dataDir: string, { folder, remove, flushed }: TruncatedTable): Promise<void> {
  const path = join(dataDir, folder);
  const stored = (await readManifest(path)) ?? emptyManifest(flushed[0]!.shardCount);
  const content = new Set(stored.sstables.map(({ name }) => name));
  const left = remove.filter((name) => content.has(name));
  await writeManifest(path, applyChange(stored, { remove: left, flushed }));
}

async function readTruncation(path: string): Promise<readonly TruncatedTable[]> {
  const text = await readFile(path, 'utf8');
  try {
    const { format, tables } = JSON.parse(text) as Truncation;
    if (format === 1 && tables.every(isWhole)) return tables;
  } catch {
    // Refused below.
  }
  throw new FerrosaError(
    'CORRUPT',
    `${path} is damaged: remove it, and TRUNCATE again the table that was being truncated when the node ended`,
  );
}

const isWhole = ({ id, folder, remove, flushed }: TruncatedTable): boolean =>
  typeof id === 'string' && typeof folder === 'string' && Array.isArray(remove) && flushed.length > 0;
