// Parses the row stream that a shard answers a read command with (docs/format/read-command.md), without copying.
import { readU32 as u32 } from '../common/bytes.js';
import { FerrosaError } from '../common/errors.js';

export const rowStreamFormat = 1;
const headerBytes = 28;
const moreFlag = 1;

// An answer is read once: a DataView on it would cost more than what it reads.
const u16 = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8);
const i32be = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;

/** A run of rows of one partition. */
export type RowPartition = {
  readonly token: bigint;
  readonly key: Uint8Array;
  readonly rowCount: number;
  /** The rows one after the other; without positions exactly what the native protocol's result holds. */
  readonly rows: Uint8Array;
};

export type StreamRow = {
  /** Encoded position, null when the command did not ask for positions. */
  readonly position: Uint8Array | null;
  /** The row's cells: for each column i32 length (-1 null) and bytes. */
  readonly cells: Uint8Array;
};

/** The token is read when it is asked for: most reads know it, and it costs as much as all the rest. */
class PartitionRun implements RowPartition {
  readonly key: Uint8Array;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly at: number,
    keyEnd: number,
    readonly rowCount: number,
    readonly rows: Uint8Array,
  ) {
    this.key = bytes.subarray(at + 10, keyEnd);
  }

  get token(): bigint {
    const { buffer, byteOffset, byteLength } = this.bytes;
    return new DataView(buffer, byteOffset, byteLength).getBigInt64(this.at, true);
  }
}

/** One answer. Everything it gives points into `bytes`. Throws FerrosaError CORRUPT when they are damaged. */
export class RowStream {
  private readonly partitionsAt: number;
  /** More rows may follow `position`. */
  readonly more: boolean;
  readonly rowCount: number;
  readonly partitionCount: number;
  /** Tombstones and live rows scanned. */
  readonly tombstones: number;
  readonly liveRows: number;
  /** SSTables touched. */
  readonly sources: number;
  /** `startAfter` of the command that continues, null when nothing follows. */
  readonly position: Uint8Array | null;

  constructor(readonly bytes: Uint8Array) {
    if (bytes.length < headerBytes || bytes[0] !== rowStreamFormat) throw damaged('header');
    this.more = (bytes[1]! & moreFlag) !== 0;
    this.rowCount = u32(bytes, 4);
    this.partitionCount = u32(bytes, 8);
    this.tombstones = u32(bytes, 12);
    this.liveRows = u32(bytes, 16);
    this.sources = u32(bytes, 20);
    const positionBytes = u32(bytes, 24);
    if (positionBytes > bytes.length - headerBytes) throw damaged('position');
    this.position = positionBytes === 0 ? null : bytes.subarray(headerBytes, headerBytes + positionBytes);
    this.partitionsAt = headerBytes + positionBytes;
  }

  /** The runs of rows, in the order of the result. */
  partitions(): RowPartition[] {
    const runs: RowPartition[] = [];
    let at = this.partitionsAt;
    const end = this.bytes.length;
    while (at < end) {
      if (end - at < 10) throw damaged('partition');
      const keyBytes = u16(this.bytes, at + 8);
      const keyAt = at + 10;
      const countAt = keyAt + keyBytes;
      if (end - countAt < 8) throw damaged('partition key');
      const rowCount = u32(this.bytes, countAt);
      const length = u32(this.bytes, countAt + 4);
      const rowsAt = countAt + 8;
      if (length > end - rowsAt) throw damaged('rows');
      runs.push(new PartitionRun(this.bytes, at, countAt, rowCount, this.bytes.subarray(rowsAt, rowsAt + length)));
      at = rowsAt + length;
    }
    return runs;
  }

  /** The blocks of rows as a result frame takes them (for commands without positions). */
  rowBlocks(): Uint8Array[] {
    const blocks: Uint8Array[] = [];
    const end = this.bytes.length;
    for (let at = this.partitionsAt; at < end; ) {
      if (end - at < 10) throw damaged('partition');
      const countAt = at + 10 + u16(this.bytes, at + 8);
      if (end - countAt < 8) throw damaged('partition key');
      const rowsAt = countAt + 8;
      const length = u32(this.bytes, countAt + 4);
      if (length > end - rowsAt) throw damaged('rows');
      if (u32(this.bytes, countAt) > 0) blocks.push(this.bytes.subarray(rowsAt, rowsAt + length));
      at = rowsAt + length;
    }
    return blocks;
  }
}

/** The rows of a run. `columnCount` and `positions` are those of the command. */
export function* rowsOf(partition: RowPartition, columnCount: number, positions = false): Generator<StreamRow> {
  const bytes = partition.rows;
  let at = 0;
  for (let row = 0; row < partition.rowCount; row++) {
    const start = positions ? endOfPosition(bytes, at) : at;
    const position = positions ? bytes.subarray(at + 2, start) : null;
    at = start;
    for (let column = 0; column < columnCount; column++) at = skipCell(bytes, at);
    yield { position, cells: bytes.subarray(start, at) };
  }
  if (at !== bytes.length) throw damaged('rows');
}

/** The same with the cells of each row apart. */
export function eachRow(
  partition: Pick<RowPartition, 'rowCount' | 'rows'>,
  columnCount: number,
  positions: boolean,
  take: (position: Uint8Array | null, cells: (Uint8Array | null)[]) => void,
): void {
  const bytes = partition.rows;
  let at = 0;
  for (let row = 0; row < partition.rowCount; row++) {
    const start = positions ? endOfPosition(bytes, at) : at;
    const position = positions ? bytes.subarray(at + 2, start) : null;
    at = start;
    const cells: (Uint8Array | null)[] = [];
    for (let column = 0; column < columnCount; column++) {
      const next = skipCell(bytes, at);
      cells.push(i32be(bytes, at) < 0 ? null : bytes.subarray(at + 4, next));
      at = next;
    }
    take(position, cells);
  }
  if (at !== bytes.length) throw damaged('rows');
}

function endOfPosition(bytes: Uint8Array, at: number): number {
  if (bytes.length - at < 2) throw damaged('row position');
  const length = u16(bytes, at);
  if (length > bytes.length - at - 2) throw damaged('row position');
  return at + 2 + length;
}

/** The cells of one row, null for null. */
export function cellsOf(cells: Uint8Array, columnCount: number): (Uint8Array | null)[] {
  const values: (Uint8Array | null)[] = [];
  let at = 0;
  for (let column = 0; column < columnCount; column++) {
    const next = skipCell(cells, at);
    values.push(i32be(cells, at) < 0 ? null : cells.subarray(at + 4, next));
    at = next;
  }
  return values;
}

function skipCell(bytes: Uint8Array, at: number): number {
  if (bytes.length - at < 4) throw damaged('cell');
  const length = i32be(bytes, at);
  if (length < 0) return at + 4;
  if (length > bytes.length - at - 4) throw damaged('cell');
  return at + 4 + length;
}

function damaged(where: string): FerrosaError {
  return new FerrosaError('CORRUPT', `bad row stream: ${where}`);
}
