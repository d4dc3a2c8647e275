// Builds of materialized views: which are to be built, how far they are, what system tables say of them. One at a time.
import { buildView, type ViewBuildProgress } from '../../cluster/index.js';
import type { FerrosaError } from '../../common/errors.js';
import { internalClient, internalOptions, type Processor, type QueryResult } from '../../query/index.js';
import type { TableDefinition } from '../../schema/index.js';
import { cellsOf } from '../../storage/index.js';
import { encodeLong } from '../../types/index.js';
import type { Log } from '../log.js';
import type { NodeStorage } from './storage.js';

/** Before a build that has failed goes on, milliseconds. */
const againAfterMs = 5_000;

const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));
/** Progress is kept as the build of one range, the whole ring. */
const startToken = text(String(-(2n ** 63n)));
const endToken = text(String(2n ** 63n - 1n));

type Name = { readonly keyspace: string; readonly name: string };

export class ViewBuilds {
  readonly #hostId: Uint8Array;
  readonly #waiting = new Set<string>();
  #stopped = false;
  #last: Promise<void> = Promise.resolve();

  constructor(
    private readonly processor: Processor,
    private readonly storage: NodeStorage,
    private readonly log: Log,
  ) {
    this.#hostId = new Uint8Array(Buffer.from(storage.record.hostId.replaceAll('-', ''), 'hex'));
  }

  /** Goes on with builds that had not ended, and follows the schema. */
  start(): void {
    const { catalogue } = this.storage.metadata;
    for (const { tables } of catalogue.schema.keyspaces.values())
      for (const table of tables.values()) if (table.view !== undefined) this.#enqueue(table);
    catalogue.onChange(({ tables }) => {
      for (const { before, after } of tables) {
        if (after?.view !== undefined && before === null) this.#enqueue(after);
        if (before?.view !== undefined && after === null) this.#forget(before);
      }
    });
  }

  /** Ends the build that runs; the next start goes on with it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#last;
  }

  #enqueue(view: TableDefinition): void {
    if (this.#waiting.has(view.id)) return;
    this.#waiting.add(view.id);
    this.#last = this.#last.then(() => this.#build(view));
  }

  #forget(view: TableDefinition): void {
    this.#last = this.#last.then(async () => {
      const names = [text(view.keyspace), text(view.name)];
      await this.#run('DELETE FROM system.built_views WHERE keyspace_name = ? AND view_name = ?', names);
      await this.#run('DELETE FROM system.view_builds_in_progress WHERE keyspace_name = ? AND view_name = ?', names);
      await this.#run(
        'DELETE FROM system_distributed.view_build_status WHERE keyspace_name = ? AND view_name = ?',
        names,
      );
    });
  }

  async #build(view: TableDefinition): Promise<void> {
    try {
      await this.#buildNow(view);
    } catch (error) {
      if (this.#stopped) return;
      const { message } = error as FerrosaError;
      this.log.warn({ view: `${view.keyspace}.${view.name}`, error: message }, 'the build of a view goes on later');
      setTimeout(() => this.#enqueue(view), againAfterMs).unref();
    } finally {
      this.#waiting.delete(view.id);
    }
  }

  async #buildNow(view: TableDefinition): Promise<void> {
    const { metadata, shards, coordinator } = this.storage;
    const wanted = () => !this.#stopped && metadata.catalogue.tableById(view.id) !== null;
    if (!wanted() || (await this.#isBuilt(view))) return;
    // The shards know the view and no longer run simple writes of its base by themselves.
    await shards.settled();
    const base = view.view!.baseId;
    if (metadata.catalogue.tableById(base) === null) return;
    const durable = metadata.catalogue.schema.keyspaces.get(view.keyspace)!.durableWrites;
    const from = await this.#progressOf(view);
    if (from === null) await this.#setStatus(view, 'STARTED');
    const save = (progress: ViewBuildProgress) => this.#saveProgress(view, progress);
    if (!(await buildView(coordinator, base, durable, from, wanted, save))) return;
    const names = [text(view.keyspace), text(view.name)];
    const built = 'INSERT INTO system.built_views (keyspace_name, view_name, status_replicated) VALUES (?, ?, true)';
    await this.#run(built, names);
    await this.#setStatus(view, 'SUCCESS');
    await this.#run('DELETE FROM system.view_builds_in_progress WHERE keyspace_name = ? AND view_name = ?', names);
    this.log.info({ view: `${view.keyspace}.${view.name}` }, 'a view is built');
  }

  async #isBuilt({ keyspace, name }: Name): Promise<boolean> {
    const select = 'SELECT view_name FROM system.built_views WHERE keyspace_name = ? AND view_name = ?';
    return rowsOfResult(await this.#run(select, [text(keyspace), text(name)]), 1).length > 0;
  }

  async #progressOf({ keyspace, name }: Name): Promise<ViewBuildProgress | null> {
    const select =
      'SELECT last_token, keys_built FROM system.view_builds_in_progress WHERE keyspace_name = ? AND view_name = ?';
    const [row] = rowsOfResult(await this.#run(select, [text(keyspace), text(name)]), 2);
    const [token, keys] = row ?? [];
    if (!token) return null;
    const keysBuilt = keys ? Number(Buffer.from(keys).readBigInt64BE()) : 0;
    return { lastToken: BigInt(Buffer.from(token).toString()), keysBuilt };
  }

  async #saveProgress({ keyspace, name }: Name, { lastToken, keysBuilt }: ViewBuildProgress): Promise<void> {
    await this.#run(
      'INSERT INTO system.view_builds_in_progress (keyspace_name, view_name, start_token, end_token, last_token, ' +
        'keys_built) VALUES (?, ?, ?, ?, ?, ?)',
      [text(keyspace), text(name), startToken, endToken, text(String(lastToken)), encodeLong(BigInt(keysBuilt))],
    );
  }

  async #setStatus({ keyspace, name }: Name, status: 'STARTED' | 'SUCCESS'): Promise<void> {
    await this.#run(
      'INSERT INTO system_distributed.view_build_status (keyspace_name, view_name, host_id, status) VALUES (?, ?, ?, ?)',
      [text(keyspace), text(name), this.#hostId, text(status)],
    );
  }

  #run(statement: string, values: readonly Uint8Array[]): Promise<QueryResult> {
    // A view that is built, dropped and created again is to be built again.
    const options = { ...internalOptions(values), timestamp: this.storage.stamps.now() };
    return this.processor.query(statement, internalClient(), options);
  }
}

/** What the node's part of a build has come to: STARTED, SUCCESS; null when it has not begun. */
export async function viewBuildStatus(processor: Processor, keyspace: string, view: string): Promise<string | null> {
  const select = 'SELECT status FROM system_distributed.view_build_status WHERE keyspace_name = ? AND view_name = ?';
  const result = await processor.query(select, internalClient(), internalOptions([text(keyspace), text(view)]));
  const status = rowsOfResult(result, 1)[0]?.[0];
  return status ? Buffer.from(status).toString() : null;
}

function rowsOfResult(result: QueryResult, columns: number): (Uint8Array | null)[][] {
  if (result.kind !== 'rows') return [];
  const bytes = Buffer.concat(result.rows);
  const rows: (Uint8Array | null)[][] = [];
  for (let at = 0; rows.length < result.rowCount; ) {
    const row = cellsOf(bytes.subarray(at), columns);
    rows.push(row);
    at += row.reduce((sum, cell) => sum + 4 + (cell?.length ?? 0), 0);
  }
  return rows;
}
