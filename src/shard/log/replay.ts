// Replay: reads the segments that earlier processes left and gives this shard's mutations to `apply`. Rules: docs/format/commitlog.md.
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FerrosaError } from '../../common/errors.js';
import {
  commitLogLanes,
  LogFound,
  type LogPosition,
  LogReader,
  LogRecord,
  type LogSegmentHeader,
  logHeaderBytes,
  logRecordHeaderBytes,
} from '../../native/index.js';
import { comparePositions } from '../files/manifest.js';
import { commitLogFolder, segmentIdOf, unfinishedSegment } from '../files/names.js';
import { hasNoHeader, recordsBehindZeros } from './headless.js';
import { type LogDamage, mend, removeEmpty } from './mend.js';

/** Records handed out in one turn of the event loop. */
const recordsPerTurn = 4096;

export type OldSegment = { readonly path: string; readonly id: number };

/** The segments of every lane, oldest first. REQUIRES: no log is open; what a process that ended was still making is removed. */
export async function oldSegments(dataDir: string): Promise<OldSegment[]> {
  const root = join(dataDir, 'commitlog');
  await mkdir(root, { recursive: true });
  const segments: OldSegment[] = [];
  for (const shard of await readdir(root)) {
    if (!/^\d+$/.test(shard)) continue;
    const folder = commitLogFolder(dataDir, Number(shard));
    for (const name of await readdir(folder)) {
      if (unfinishedSegment.test(name)) await rm(join(folder, name));
      const id = segmentIdOf(name);
      if (id !== null) segments.push({ path: join(folder, name), id });
    }
  }
  return segments.sort((a, b) => a.id - b.id);
}

/** One mutation of the log and where its record ends. `mutation` is valid during the call only. */
export type ReplayedMutation = {
  readonly mutation: Buffer;
  readonly tableId: string;
  readonly token: bigint;
  readonly lane: number;
  readonly end: LogPosition;
};

/** 'applied'; 'skipped': in SSTables or not this shard's; 'unknown': its table does not exist any more. */
export type ApplyOutcome = 'applied' | 'skipped' | 'unknown';

export type ReplayReport = {
  readonly segments: number;
  readonly applied: number;
  readonly skipped: number;
  readonly unknownTable: number;
  readonly damage: readonly LogDamage[];
};

export type ReplayOptions = {
  /** commitlog_ignore_replay_errors */
  readonly ignoreErrors: boolean;
  readonly apply: (mutation: ReplayedMutation) => ApplyOutcome;
  /** Awaited between turns of the event loop. */
  readonly betweenTurns?: () => Promise<void>;
};

const howToGoOn =
  'To start without what is damaged, set commitlog_ignore_replay_errors (FERROSA_COMMITLOG_IGNORE_REPLAY_ERRORS=true); ' +
  'everything else is applied';

/** A place that is no record, before it is known whether it had been on disk. */
type Place = LogDamage & {
  readonly lane: number;
  readonly segment: number;
  /** Why it is damage whatever the markers say; null when they decide. */
  readonly what: string | null;
  /** Nothing of the segment is there, not even its header. */
  readonly empty?: true;
};

type Progress = {
  readonly counts: Record<ApplyOutcome, number>;
  readonly places: Place[];
  /** By lane: what sync markers say was on disk. */
  readonly synced: Map<number, LogPosition>;
};

/**
 * Replays segments in the order given. Everything that can be read is applied first.
 * @throws FerrosaError CORRUPT naming file and offset when something that was on disk before is damaged, unless errors are ignored
 */
export async function replay(segments: readonly OldSegment[], options: ReplayOptions): Promise<ReplayReport> {
  const progress: Progress = { counts: { applied: 0, skipped: 0, unknown: 0 }, places: [], synced: new Map() };
  for (const segment of segments) {
    const file = await contentOf(segment.path);
    if (file !== null) await replayFile(segment, file, options, progress);
  }
  if (!options.ignoreErrors) refuseDamage(progress);
  for (const place of progress.places)
    if (place.empty) await removeEmpty(place.path);
    else if (place.what === null) await mend(place, place.segment);
  const { applied, skipped, unknown } = progress.counts;
  const damage = progress.places
    .filter((place) => !place.empty || wasSynced(place, progress))
    .map(({ path, offset, bytes, torn }) => ({ path, offset, bytes, torn }));
  return { segments: segments.length, applied, skipped, unknownTable: unknown, damage };
}

/** Null: another shard has found meanwhile that the segment was never written, and removed it. */
async function contentOf(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    // The text of an error of read() names no file.
    const what = code === 'EISDIR' ? 'it is a folder' : message;
    throw new FerrosaError('CORRUPT', `The commit log cannot be read: ${path} is no segment that can be read: ${what}`);
  }
}

async function replayFile(
  { path, id }: OldSegment,
  file: Buffer,
  options: ReplayOptions,
  progress: Progress,
): Promise<void> {
  const place = { path, offset: 0, bytes: file.length, torn: false, lane: id % commitLogLanes, segment: id };
  if (hasNoHeader(file)) {
    const behind = recordsBehindZeros(file, id);
    if (behind === null) {
      progress.places.push({ ...place, what: null, empty: true });
      return;
    }
    // A segment gets its name after its header is on disk, so no crash leaves this.
    progress.places.push({ ...place, bytes: logHeaderBytes, what: 'the header is zeros, and records follow it' });
    await replaySegment(path, behind.file, behind.reader, behind.reader.header(), options, progress);
    return;
  }
  let reader: LogReader;
  let header: LogSegmentHeader;
  try {
    reader = new LogReader(file);
    header = reader.header();
  } catch (error) {
    progress.places.push({ ...place, what: (error as Error).message });
    return;
  }
  await replaySegment(path, file, reader, header, options, progress);
}

/** Whether a sync marker says that the place had been on disk. */
const wasSynced = ({ lane, segment, offset }: Place, { synced }: Progress): boolean =>
  comparePositions({ segment, offset }, synced.get(lane) ?? { segment: 0, offset: 0 }) < 0;

/** Damage where the disk had it all is not the end of the process: somebody must decide. */
function refuseDamage(progress: Progress): void {
  for (const place of progress.places) {
    if (place.what === null && !wasSynced(place, progress)) continue;
    const missing = place.empty ? 'nothing is left of a segment that was' : 'these bytes are no record, and were';
    throw new FerrosaError(
      'CORRUPT',
      `The commit log is damaged: ${place.path} at offset ${place.offset} (${place.bytes} bytes): ` +
        `${place.what ?? `${missing} on disk before`}. ${howToGoOn}`,
    );
  }
}

async function replaySegment(
  path: string,
  file: Buffer,
  reader: LogReader,
  header: LogSegmentHeader,
  { apply, betweenTurns }: ReplayOptions,
  { counts, places, synced }: Progress,
): Promise<void> {
  const lane = header.id % commitLogLanes;
  for (let items = reader.next(recordsPerTurn); items.length > 0; items = reader.next(recordsPerTurn)) {
    for (let i = 0; i < items.length; i += 4) {
      const [found, kind, offset, size] = [items[i]!, items[i + 1]!, items[i + 2]!, items[i + 3]!];
      if (found !== LogFound.record) {
        places.push({ path, offset, bytes: size, torn: found === LogFound.torn, lane, segment: header.id, what: null });
        continue;
      }
      const payload = file.subarray(offset + logRecordHeaderBytes, offset + size);
      const end = { segment: header.id, offset: offset + size };
      if (kind === LogRecord.filler) continue;
      if (kind === LogRecord.syncMarker) synced.set(lane, markedPosition(payload));
      else if (kind === LogRecord.mutation) count(counts, payload, lane, end, apply);
      else for (const mutation of batchOf(payload)) count(counts, mutation, lane, end, apply);
    }
    await new Promise((resolve) => setImmediate(resolve));
    await betweenTurns?.();
  }
}

const markedPosition = (payload: Buffer): LogPosition => ({
  segment: Number(payload.readBigUInt64LE(0)),
  offset: payload.readUInt32LE(8),
});

function* batchOf(payload: Buffer): Generator<Buffer> {
  let at = 4;
  for (let n = payload.readUInt32LE(0); n > 0; n--) {
    const length = payload.readUInt32LE(at);
    yield payload.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
}

function count(
  counts: Record<ApplyOutcome, number>,
  mutation: Buffer,
  lane: number,
  end: ReplayedMutation['end'],
  apply: ReplayOptions['apply'],
): void {
  const tableId = mutation.toString('hex', 2, 18);
  counts[apply({ mutation, tableId, token: mutation.readBigInt64LE(18), lane, end })]++;
}
