// A read of a token range over all shards: their row streams merged into one, in token order.
import { compareBytes } from '../common/bytes.js';
import { ByteWriter, encodePosition, noLimit, type RowPartition, RowStream } from '../storage/index.js';
import type { ShardPort, ShardRequest } from './shard-port.js';

// Offsets in a read command (docs/format/read-command.md).
const rowLimitAt = 22;
/** Rows that a shard is asked for beyond its even share, so that a refill is rare. */
const shareExtra = 16;

/** One shard's rows, asked for in shares. */
class ShardCursor {
  #stream: RowStream | null = null;
  #partitions: RowPartition[] = [];
  #next = 0;
  #position: Uint8Array | null = null;
  /** Rows taken since the shard was asked last, and what it was asked. */
  #takenOfStream = 0;
  #asked: Uint8Array | null = null;

  constructor(
    private readonly shards: ShardPort,
    private readonly shard: number,
    private readonly command: Uint8Array,
    private readonly request: ShardRequest,
  ) {}

  /** The run of rows at the front; null when the shard has no more. */
  head(): RowPartition | null {
    return this.#partitions[this.#next] ?? null;
  }

  get needsRefill(): boolean {
    return this.#next >= this.#partitions.length && (this.#stream === null || this.#position !== null);
  }

  get stats(): RowStream | null {
    return this.#stream;
  }

  async refill(rows: number): Promise<RowStream> {
    const command = withLimit(this.#position === null ? this.command : continued(this.command, this.#position), rows);
    this.#asked = command;
    const stream = new RowStream(await this.shards.read(this.shard, command, this.request));
    this.#stream = stream;
    this.#partitions = stream.partitions();
    this.#next = 0;
    this.#takenOfStream = 0;
    this.#position = stream.position;
    return stream;
  }

  /** Takes the front run. */
  take(): RowPartition {
    const taken = this.#partitions[this.#next++]!;
    this.#takenOfStream += taken.rowCount;
    return taken;
  }

  /** Position after the run that was taken last. */
  positionAfter(taken: RowPartition): Uint8Array {
    if (this.#next >= this.#partitions.length && this.#position !== null) return this.#position;
    return encodePosition({ key: taken.key, token: taken.token, clustering: null, rowsInPartition: 0 });
  }

  /**
   * Reads the stream's first rows again, so that it ends within the front run after `rows` of it. Null when writes have changed them
   * meanwhile so that it does not.
   */
  async cut(rows: number): Promise<{ run: RowPartition; position: Uint8Array | null } | null> {
    const command = withLimit(this.#asked!, this.#takenOfStream + rows);
    const stream = new RowStream(await this.shards.read(this.shard, command, this.request));
    const run = stream.partitions().at(-1);
    if (run === undefined || run.rowCount > rows || compareBytes(run.key, this.head()!.key) !== 0) return null;
    return { run, position: stream.position };
  }
}

function withLimit(command: Uint8Array, rows: number): Uint8Array {
  const copy = command.slice();
  new DataView(copy.buffer).setUint32(rowLimitAt, rows, true);
  return copy;
}

/** Reads LEB128; returns the value and the offset after it. */
function readVar(bytes: Uint8Array, start: number): { value: number; at: number } {
  let value = 0;
  let at = start;
  for (let scale = 1; ; scale *= 0x80) {
    const byte = bytes[at++]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, at };
  }
}

/** The offset after a clustering. */
function skipClustering(bytes: Uint8Array, start: number): number {
  let { value: count, at } = readVar(bytes, start);
  for (; count > 0; count--) {
    const length = readVar(bytes, at);
    at = length.at + Math.max(0, length.value - 1);
  }
  return at;
}

/** The offset of `start after` in a range command. */
function startAfterAt(command: Uint8Array): number {
  // Format, flags, table id, now, three limits, kind, range.
  const slicesAt = 2 + 16 + 4 + 12 + 1 + 18;
  const slices = command[slicesAt]! | (command[slicesAt + 1]! << 8);
  let at = slicesAt + 2;
  for (let bound = 0; bound < slices * 2; bound++) at = skipClustering(command, at + 1);
  return at;
}

/** The command that goes on after `position`. */
function continued(command: Uint8Array, position: Uint8Array): Uint8Array {
  const at = startAfterAt(command);
  const old = command[at] === 1 ? positionBytes(command.subarray(at + 1)) : 0;
  const out = new ByteWriter(command.length + position.length + 1);
  out.raw(command.subarray(0, at));
  out.u8(1);
  out.raw(position);
  out.raw(command.subarray(at + 1 + old));
  return out.finish();
}

/** Length of the position at the start of `bytes`: key, token, clustering, rows in the partition. */
function positionBytes(bytes: Uint8Array): number {
  const flagAt = 2 + (bytes[0]! | (bytes[1]! << 8)) + 8;
  return (bytes[flagAt] === 1 ? skipClustering(bytes, flagAt + 1) : flagAt + 1) + 4;
}

/**
 * Reads a range over all shards.
 * @throws FerrosaError READ_TIMEOUT and what the shards throw
 */
export async function readRange(shards: ShardPort, command: Uint8Array, request: ShardRequest): Promise<Uint8Array> {
  if (shards.shardCount === 1) return shards.read(0, command, request);
  const view = new DataView(command.buffer, command.byteOffset, command.byteLength);
  const limit = view.getUint32(rowLimitAt, true);
  const share = limit === noLimit ? noLimit : Math.ceil(limit / shards.shardCount) + shareExtra;
  const cursors = Array.from(
    { length: shards.shardCount },
    (_, shard) => new ShardCursor(shards, shard, command, request),
  );
  const merged = new MergedStream(limit);
  await Promise.all(cursors.map(async (cursor) => merged.count(await cursor.refill(Math.min(share, limit)))));
  while (!merged.full) {
    const empty = cursors.find((cursor) => cursor.needsRefill);
    if (empty !== undefined) {
      // A shard that stopped for its share or its bytes: when much is gathered already, that is a page.
      if (merged.rows > 0 && limit === noLimit) break;
      merged.count(await empty.refill(Math.min(share, limit)));
      continue;
    }
    const first = lowest(cursors);
    if (first === null) return merged.finish(null);
    const head = first.head()!;
    if (merged.rows + head.rowCount > limit) {
      const cut = await first.cut(limit - merged.rows);
      // Something was gathered before, since no shard is asked for more than the limit: whoever wants more asks for what follows.
      if (cut === null) return merged.finish(merged.position);
      merged.add(cut.run);
      return merged.finish(cut.position ?? first.positionAfter(cut.run));
    }
    const taken = first.take();
    merged.add(taken);
    merged.position = first.positionAfter(taken);
  }
  // A full answer says that more may follow, as one shard's does: nobody has looked.
  const exhausted = !merged.full && cursors.every((cursor) => cursor.head() === null && !cursor.needsRefill);
  return merged.finish(exhausted ? null : merged.position);
}

/**
 * Aggregates over a range: every shard folds its rows by itself, in steps of the command's row limit.
 * @param request  made anew for each step, which has the whole timeout
 * @returns a row stream with the rows of all answers
 */
export async function foldRange(
  shards: ShardPort,
  command: Uint8Array,
  request: () => ShardRequest,
): Promise<Uint8Array> {
  const merged = new MergedStream(noLimit);
  const foldShard = async (shard: number): Promise<void> => {
    for (let next: Uint8Array | null = command; next !== null; ) {
      const stream: RowStream = new RowStream(await shards.read(shard, next, request()));
      merged.count(stream);
      for (const run of stream.partitions()) merged.add(run);
      next = stream.position === null ? null : continued(command, stream.position);
    }
  };
  await Promise.all(Array.from({ length: shards.shardCount }, (_, shard) => foldShard(shard)));
  return merged.finish(null);
}

/** The cursor whose front run comes first by token and key. */
function lowest(cursors: readonly ShardCursor[]): ShardCursor | null {
  let best: ShardCursor | null = null;
  let bestHead: RowPartition | null = null;
  for (const cursor of cursors) {
    const head = cursor.head();
    if (head === null) continue;
    const isLower =
      bestHead === null ||
      head.token < bestHead.token ||
      (head.token === bestHead.token && compareBytes(head.key, bestHead.key) < 0);
    if (!isLower) continue;
    best = cursor;
    bestHead = head;
  }
  return best;
}

/** Gathers runs into one row stream. */
class MergedStream {
  rows = 0;
  position: Uint8Array | null = null;
  #partitions = 0;
  #tombstones = 0;
  #live = 0;
  #sources = 0;
  readonly #body = new ByteWriter(4096);

  constructor(private readonly limit: number) {}

  get full(): boolean {
    return this.rows >= this.limit;
  }

  count(stream: RowStream): void {
    this.#tombstones += stream.tombstones;
    this.#live += stream.liveRows;
    this.#sources += stream.sources;
  }

  add(run: RowPartition): void {
    this.rows += run.rowCount;
    this.#partitions++;
    this.#body.i64(run.token);
    this.#body.u16(run.key.length);
    this.#body.raw(run.key);
    this.#body.u32(run.rowCount);
    this.#body.u32(run.rows.length);
    this.#body.raw(run.rows);
  }

  /** @param position  null when nothing follows */
  finish(position: Uint8Array | null): Uint8Array {
    const out = new ByteWriter(64 + this.#body.length);
    out.u8(1);
    out.u8(position === null ? 0 : 1);
    out.u16(0);
    out.u32(this.rows);
    out.u32(this.#partitions);
    out.u32(this.#tombstones);
    out.u32(this.#live);
    out.u32(this.#sources);
    out.u32(position?.length ?? 0);
    if (position !== null) out.raw(position);
    out.raw(this.#body.bytes.subarray(0, this.#body.length));
    return out.finish();
  }
}
