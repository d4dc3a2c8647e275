// Parses the row stream that a shard answers a read command with (docs/format/read-command.md), without copying.
import { FerrosaError } from '../common/errors.js';

export const rowStreamFormat = 1;
const headerBytes = 28;
const moreFlag = 1;

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

/** One answer. Everything it gives points into `bytes`. Throws FerrosaError CORRUPT when they are damaged. */
export class RowStream {
  private readonly view: DataView;
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
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.view = view;
    this.more = (bytes[1]! & moreFlag) !== 0;
    this.rowCount = view.getUint32(4, true);
    this.partitionCount = view.getUint32(8, true);
    this.tombstones = view.getUint32(12, true);
    this.liveRows = view.getUint32(16, true);
    this.sources = view.getUint32(20, true);
    const positionBytes = view.getUint32(24, true);
    if (positionBytes > bytes.length - headerBytes) throw damaged('position');
    this.position = positionBytes === 0 ? null : bytes.subarray(headerBytes, headerBytes + positionBytes);
    this.partitionsAt = headerBytes + positionBytes;
  }

  /** The runs of rows, in the order of the result. */
  *partitions(): Generator<RowPartition> {
    let at = this.partitionsAt;
    const end = this.bytes.length;
    while (at < end) {
      if (end - at < 10) throw damaged('partition');
      const token = this.view.getBigInt64(at, true);
      const keyBytes = this.view.getUint16(at + 8, true);
      const keyAt = at + 10;
      const countAt = keyAt + keyBytes;
      if (end - countAt < 8) throw damaged('partition key');
      const rowCount = this.view.getUint32(countAt, true);
      const length = this.view.getUint32(countAt + 4, true);
      const rowsAt = countAt + 8;
      if (length > end - rowsAt) throw damaged('rows');
      yield {
        token,
        key: this.bytes.subarray(keyAt, countAt),
        rowCount,
        rows: this.bytes.subarray(rowsAt, rowsAt + length),
      };
      at = rowsAt + length;
    }
  }

  /** The blocks of rows as a result frame takes them (for commands without positions). */
  rowBlocks(): Uint8Array[] {
    const blocks: Uint8Array[] = [];
    const end = this.bytes.length;
    for (let at = this.partitionsAt; at < end; ) {
      if (end - at < 10) throw damaged('partition');
      const countAt = at + 10 + this.view.getUint16(at + 8, true);
      if (end - countAt < 8) throw damaged('partition key');
      const rowsAt = countAt + 8;
      const length = this.view.getUint32(countAt + 4, true);
      if (length > end - rowsAt) throw damaged('rows');
      if (this.view.getUint32(countAt, true) > 0) blocks.push(this.bytes.subarray(rowsAt, rowsAt + length));
      at = rowsAt + length;
    }
    return blocks;
  }
}

/** The rows of a run. `columnCount` and `positions` are those of the command. */
export function* rowsOf(partition: RowPartition, columnCount: number, positions = false): Generator<StreamRow> {
  const bytes = partition.rows;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (let row = 0; row < partition.rowCount; row++) {
    let position: Uint8Array | null = null;
    if (positions) {
      if (bytes.length - at < 2) throw damaged('row position');
      const length = view.getUint16(at, true);
      at += 2;
      if (length > bytes.length - at) throw damaged('row position');
      position = bytes.subarray(at, at + length);
      at += length;
    }
    const start = at;
    for (let column = 0; column < columnCount; column++) at = skipCell(view, at);
    yield { position, cells: bytes.subarray(start, at) };
  }
  if (at !== bytes.length) throw damaged('rows');
}

/** The cells of one row, null for null. */
export function cellsOf(cells: Uint8Array, columnCount: number): (Uint8Array | null)[] {
  const view = new DataView(cells.buffer, cells.byteOffset, cells.byteLength);
  const values: (Uint8Array | null)[] = [];
  let at = 0;
  for (let column = 0; column < columnCount; column++) {
    const next = skipCell(view, at);
    values.push(view.getInt32(at, false) < 0 ? null : cells.subarray(at + 4, next));
    at = next;
  }
  return values;
}

function skipCell(view: DataView, at: number): number {
  if (view.byteLength - at < 4) throw damaged('cell');
  const length = view.getInt32(at, false);
  if (length < 0) return at + 4;
  if (length > view.byteLength - at - 4) throw damaged('cell');
  return at + 4 + length;
}

function damaged(where: string): FerrosaError {
  return new FerrosaError('CORRUPT', `bad row stream: ${where}`);
}
