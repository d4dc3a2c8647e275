// What a change of a base row does to a view: the view's row is written from the base's row as it is after the change.
//
// The view has timestamps of its own, which grow with every update of a base row: whatever the order of the base's timestamps, the view
// shows what the base shows.
import { murmurToken } from '../../native/index.js';
import type { ColumnDefinition } from '../../schema/index.js';
import { type ClusteringPrefix, MutationBuilder } from '../../storage/index.js';
import { compareValues, isMulticell, unpackList, unpackMap, unpackTuple } from '../../types/index.js';
import { packPartitionKey, sameBytes } from '../values.js';
import { tableIdBytes } from '../write/mutations.js';
import type { BaseCell, BaseRow } from './base-rows.js';
import type { ViewColumn, ViewPlan } from './view-plan.js';

/** A mutation of a view. */
export type ViewMutation = { readonly token: bigint; readonly bytes: Uint8Array };
/** The place of a row in a view. */
export type ViewKey = { readonly plan: ViewPlan; readonly key: Uint8Array; readonly clustering: ClusteringPrefix };

const keyBytesMax = 0xffff;
const builder = new MutationBuilder();

function baseValue(row: BaseRow, base: ColumnDefinition): Uint8Array | null {
  if (base.kind === 'partition_key') return row.key[base.position]!;
  if (base.kind === 'clustering') return row.clustering[base.position] ?? null;
  return row.cells.get(base)?.value ?? null;
}

/** Where the row stands in the view; null when it is not in it. */
export function viewKeyOf(plan: ViewPlan, row: BaseRow): ViewKey | null {
  for (const { columns, accepts } of plan.filters) {
    const values = columns.map((column) => baseValue(row, column));
    if (values.includes(null) || !accepts(values as Uint8Array[])) return null;
  }
  const partition = plan.partitionKey.map((column) => baseValue(row, column.base));
  const clustering = plan.clustering.map((column) => baseValue(row, column.base));
  if (partition.includes(null) || clustering.includes(null)) return null;
  const key = packPartitionKey(partition as Uint8Array[]);
  if (key.length > keyBytesMax) return null;
  return { plan, key, clustering };
}

/** Equal values may have other bytes (1 and 1.0), and are one clustering. */
export function sameViewKey(a: ViewKey, b: ViewKey): boolean {
  const { table, clustering } = a.plan;
  return (
    table === b.plan.table &&
    sameBytes(a.key, b.key) &&
    clustering.every(({ view }, i) => compareValues(view.type, a.clustering[i]!, b.clustering[i]!) === 0)
  );
}

/** Removes a row from a view. @param timestamp  microseconds */
export function removal({ plan, key, clustering }: ViewKey, timestamp: bigint, nowSeconds: number): ViewMutation {
  const token = murmurToken(key);
  builder.reset(tableIdBytes(plan.table), token, key);
  if (clustering.length === 0) builder.partitionDeletion(timestamp, nowSeconds);
  else builder.deleteRow(clustering, timestamp, nowSeconds);
  return { token, bytes: builder.finish() };
}

/**
 * Writes the row of a view as the base has it.
 * @param before  the base row that the view shows now at this place; null when that is not known
 * @param timestamp  microseconds; above that of every earlier update of the row
 */
export function writing(
  { plan, key, clustering }: ViewKey,
  row: BaseRow,
  before: BaseRow | null,
  timestamp: bigint,
  nowSeconds: number,
): ViewMutation {
  const token = murmurToken(key);
  builder.reset(tableIdBytes(plan.table), token, key);
  const keyTtl = plan.extraKey === null ? null : (row.cells.get(plan.extraKey)?.ttls[0] ?? null);
  // The row is in the view as long as it is in the base and has a key there.
  const rowExpiry = keyTtl === null ? row.expiresAt : nowSeconds + keyTtl;
  const expiry = rowExpiry === null ? 0 : rowExpiry;
  if (before === null) {
    if (clustering.length === 0) builder.partitionDeletion(timestamp - 1n, nowSeconds);
    else builder.deleteRow(clustering, timestamp - 1n, nowSeconds);
  }
  builder.insertRow(clustering, timestamp, expiry === 0 ? 0 : Math.max(1, expiry - nowSeconds), expiry);
  const writer = new CellWriter(builder, timestamp, nowSeconds, keyTtl);
  for (const column of plan.regulars) {
    const cell = row.cells.get(column.base) ?? null;
    const wasThere = before?.cells.has(column.base) ?? false;
    writer.write(column, cell, wasThere);
  }
  return { token, bytes: builder.finish() };
}

class CellWriter {
  constructor(
    private readonly builder: MutationBuilder,
    private readonly timestamp: bigint,
    private readonly nowSeconds: number,
    /** No cell outlives the cell that gives the row its key. */
    private readonly keyTtl: number | null,
  ) {}

  write(column: ViewColumn, cell: BaseCell | null, wasThere: boolean): void {
    const { view } = column;
    const multicell = isMulticell(view.type);
    if (multicell && wasThere) this.builder.complexDeletion(view.id, this.timestamp - 1n, this.nowSeconds);
    if (cell === null) {
      if (!multicell && wasThere) this.builder.cellTombstone(view.id, this.timestamp, this.nowSeconds);
      return;
    }
    if (!multicell) {
      const { ttl, expiresAt } = this.#times(cell.ttls[0] ?? null);
      this.builder.cell(view.id, this.timestamp, cell.value, ttl, expiresAt);
      return;
    }
    const values = elementsOf(column, cell);
    cell.paths.forEach((path, i) => {
      // Fields of a user type have a place each among the times, also those that are not there.
      const place = view.type.kind === 'udt' ? fieldOf(path) : i;
      const { ttl, expiresAt } = this.#times(cell.ttls[place] ?? null);
      this.builder.pathCell(view.id, this.timestamp, path, values[i]!, ttl, expiresAt);
    });
  }

  #times(left: number | null): { ttl: number; expiresAt: number } {
    const ttl = left === null ? this.keyTtl : this.keyTtl === null ? left : Math.min(left, this.keyTtl);
    return ttl === null ? { ttl: 0, expiresAt: 0 } : { ttl: Math.max(1, ttl), expiresAt: this.nowSeconds + ttl };
  }
}

const none = new Uint8Array(0);
const fieldOf = (path: Uint8Array): number => (path[0]! << 8) | path[1]!;

/** Values of the cells, in the order of their paths. */
function elementsOf({ view: { type } }: ViewColumn, { value, paths }: BaseCell): Uint8Array[] {
  switch (type.kind) {
    case 'list':
      return unpackList(value);
    case 'map':
      return unpackMap(value).map(([, entry]) => entry);
    case 'udt': {
      const fields = unpackTuple(value, type);
      return paths.map((path) => fields[fieldOf(path)] ?? none);
    }
    default:
      return paths.map(() => none);
  }
}
