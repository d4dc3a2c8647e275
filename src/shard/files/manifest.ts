// A table's manifest: which SSTables are its content and which part of the commit log they hold. Written last, whole and atomically; what
// it names is the table, whatever else lies in the folder. Format: docs/format/manifest.md.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FerrosaError } from '../../common/errors.js';
import type { LogPosition } from '../../native/index.js';
import { shardOfToken } from '../token.js';
import { writeFileDurably } from './durable.js';

export const manifestName = 'ferrosa-manifest.json';

/** An SSTable of the table. `shard` null: it may hold tokens of every shard (written by Cassandra or with another shard count). */
export type ManifestEntry = { readonly name: string; readonly shard: number | null };

/**
 * What a shard's flushes cover: everything its tokens (under `shardCount`) had in segments before `base`, the first id of the process that
 * flushed, and in its own lane up to the position.
 */
export type FlushedMark = {
  readonly shard: number;
  readonly shardCount: number;
  readonly base: number;
} & LogPosition;

export type Manifest = {
  readonly format: 1;
  /** Entries with a shard were written under this shard count. */
  readonly shardCount: number;
  readonly sstables: readonly ManifestEntry[];
  /** Files that are no longer content and are being deleted. */
  readonly obsolete: readonly string[];
  readonly flushed: readonly FlushedMark[];
  /** How often SSTables of others were taken up: an index knows those of its own count only. Left out: 0. */
  readonly adoptions?: number;
};

export const emptyManifest = (shardCount: number): Manifest => ({
  format: 1,
  shardCount,
  sstables: [],
  obsolete: [],
  flushed: [],
});

export type ManifestChange = {
  readonly add?: readonly ManifestEntry[];
  readonly remove?: readonly string[];
  /** Their files are deleted. */
  readonly deleted?: readonly string[];
  readonly flushed?: readonly FlushedMark[];
  /** What is added was written by somebody else. */
  readonly adopted?: boolean;
};

/** The manifest after a change. A mark replaces the one of its shard and shard count. */
export function applyChange(manifest: Manifest, change: ManifestChange): Manifest {
  const removed = new Set(change.remove);
  const deleted = new Set(change.deleted);
  const marks = [...manifest.flushed];
  for (const mark of change.flushed ?? []) {
    const at = marks.findIndex((m) => m.shard === mark.shard && m.shardCount === mark.shardCount);
    if (at < 0) marks.push(mark);
    else if (comparePositions(marks[at]!, mark) < 0) marks[at] = mark;
  }
  return {
    ...manifest,
    sstables: [...manifest.sstables.filter(({ name }) => !removed.has(name)), ...(change.add ?? [])],
    obsolete: [...manifest.obsolete, ...removed].filter((name) => !deleted.has(name)),
    flushed: marks,
    ...(change.adopted ? { adoptions: (manifest.adoptions ?? 0) + 1 } : {}),
  };
}

/** The entries as a process with another shard count sees them: everything may be anybody's. */
export function withShardCount(manifest: Manifest, shardCount: number): Manifest {
  if (manifest.shardCount === shardCount) return manifest;
  const sstables = manifest.sstables.map(({ name }) => ({ name, shard: shardCount === 1 ? 0 : null }));
  return { ...manifest, shardCount, sstables };
}

export function comparePositions(a: LogPosition, b: LogPosition): number {
  return a.segment - b.segment || a.offset - b.offset;
}

/** True when SSTables hold the record that ends at `end` in `lane` for the token. */
export function isFlushed(marks: readonly FlushedMark[], lane: number, end: LogPosition, token: bigint): boolean {
  for (const mark of marks) {
    if (shardOfToken(token, mark.shardCount) !== mark.shard) continue;
    if (end.segment < mark.base) return true;
    if (lane === mark.shard && comparePositions(end, mark) <= 0) return true;
  }
  return false;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function check(value: unknown): Manifest | null {
  const m = value as Manifest;
  if (m === null || typeof m !== 'object' || m.format !== 1 || !isCount(m.shardCount) || m.shardCount < 1) return null;
  if (!Array.isArray(m.sstables) || !Array.isArray(m.obsolete) || !Array.isArray(m.flushed)) return null;
  const entries = m.sstables.every((e) => isText(e?.name) && (e.shard === null || isCount(e.shard)));
  const marks = m.flushed.every((f) =>
    [f?.shard, f?.shardCount, f?.base, f?.segment, f?.offset].every((number) => isCount(number)),
  );
  const adoptions = m.adoptions === undefined || isCount(m.adoptions);
  return entries && marks && adoptions && m.obsolete.every(isText) ? m : null;
}

/**
 * Reads the manifest of a table's folder; null when there is none.
 * @throws FerrosaError CORRUPT naming the file
 */
export async function readManifest(folder: string): Promise<Manifest | null> {
  const path = join(folder, manifestName);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  let parsed: unknown = null;
  try {
    parsed = JSON.parse(text);
  } catch {
    // falls through to the check, which refuses null
  }
  const manifest = check(parsed);
  if (manifest === null)
    throw new FerrosaError(
      'CORRUPT',
      `${path} is damaged: restore it, or move it away to take every SSTable of the folder`,
    );
  return manifest;
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeFileDurably(join(folder, manifestName), `${JSON.stringify(manifest, null, 1)}\n`);
}
