// Cells in the protocol's encoding: i32 length (-1 null) and bytes, one after the other.
import { packCollection } from '../types/index.js';

export type Cell = Uint8Array | null;

export function packCells(cells: readonly Cell[]): Uint8Array {
  // A collection's encoding is a count and then just that.
  return packCollection(cells).subarray(4);
}

/** Reads cells in order. REQUIRES: packCells wrote them. */
export class CellReader {
  #offset = 0;
  readonly #view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  next(): Cell {
    const length = this.#view.getInt32(this.#offset);
    this.#offset += 4;
    if (length < 0) return null;
    const start = this.#offset;
    this.#offset += length;
    return this.bytes.subarray(start, this.#offset);
  }

  take(count: number): Cell[] {
    const cells: Cell[] = [];
    for (let i = 0; i < count; i++) cells.push(this.next());
    return cells;
  }
}
