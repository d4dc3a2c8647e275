// The commit log that earlier runs left: which segments the shards replay, what became of them, and their end.
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { commitLogLanes } from '../native/index.js';
import { commitLogFolder } from './files/names.js';
import { type OldSegment, oldSegments, type ReplayReport } from './log/replay.js';
import type { ShardsLog } from './options.js';
import type { NodeTables } from './tables-main.js';

export class OldLog {
  /** The first id of new segments, a multiple of the lanes: greater than each that was. */
  readonly base: number;
  readonly #dataDir: string;
  #segments: readonly OldSegment[];

  private constructor(dataDir: string, segments: readonly OldSegment[], base: number) {
    this.#dataDir = dataDir;
    this.#segments = segments;
    this.base = base;
  }

  /** Lists the segments, and chooses ids that were not there before. */
  static async find(dataDir: string, tables: NodeTables, nowMs: number): Promise<OldLog> {
    const segments = await oldSegments(dataDir);
    const lastLane = Math.floor(Math.max(segments.at(-1)?.id ?? 0, tables.lastSegment()) / commitLogLanes);
    return new OldLog(dataDir, segments, Math.max(lastLane + 1, nowMs) * commitLogLanes);
  }

  get segments(): readonly OldSegment[] {
    return this.#segments;
  }

  /** Tells the operator what the shards have replayed. */
  report(replays: readonly ReplayReport[], log: ShardsLog): void {
    const sum = (field: 'applied' | 'unknownTable') => replays.reduce((total, report) => total + report[field], 0);
    if (this.#segments.length > 0)
      log.info(
        // Every shard counts the mutations of tables that are gone.
        {
          segments: this.#segments.length,
          mutations: sum('applied'),
          unknownTable: sum('unknownTable') / replays.length,
        },
        'commit log replayed',
      );
    for (const { path, offset, bytes, torn } of replays[0]?.damage ?? [])
      log.warn(
        { path, offset, bytes },
        torn
          ? 'a commit log segment ends in a torn write'
          : 'a part of a commit log segment could not be read and was skipped',
      );
  }

  /** Deletes the segments, of which everything is in SSTables, and the folders of shards that are no more. */
  async remove(shardCount: number, tables: NodeTables): Promise<void> {
    const segments = this.#segments;
    this.#segments = [];
    const current = new Set(Array.from({ length: shardCount }, (_, i) => commitLogFolder(this.#dataDir, i)));
    const folders = new Set(segments.map(({ path }) => dirname(path)).filter((folder) => !current.has(folder)));
    for (const { path } of segments) await rm(path, { force: true });
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
    for (const { files } of tables.byId.values()) await files.forgetMarksBefore(this.base);
  }
}
