// One statement twice: in JavaScript on a node in this thread, and as a hot plan on a shard. Both must be left with the same rows.
import assert from 'node:assert/strict';
import { BufferWriter } from '../../../src/common/bytes.js';
import type { FerrosaError } from '../../../src/common/errors.js';
import { indexTablesOf } from '../../../src/index/index.js';
import { nativeStamps } from '../../../src/native/index.js';
import { writeRowsMetadata } from '../../../src/protocol/index.js';
import { encodeHotPlan, type Prepared, type QueryResult } from '../../../src/query/index.js';
import type { TableDefinition } from '../../../src/schema/index.js';
import { encodeReadCommand, RowStream, rowsOf, Selected } from '../../../src/storage/index.js';
import { isMulticell, UNSET } from '../../../src/types/index.js';
import { InProcessNode, Session } from '../../support/in-process-node.js';
import { executeEnvelope } from './plan-bytes.js';
import { ShardRig } from './shard-rig.js';

export type TestValue = Buffer | null | 'unset';
const allLevels = 0b100_0111_1110;

export class HotTwin {
  readonly session = new Session(new InProcessNode({}, 1));
  readonly rig = new ShardRig();
  readonly client = this.rig.client(4);
  readonly #prepared = new Map<string, Prepared | null>();
  readonly #sent: Uint8Array[] = [];
  #stream = 0;
  /** How often each statement was run by the addon. */
  readonly hot = new Map<string, number>();

  constructor() {
    const { shards } = this.session.node;
    const mutate = shards.mutate.bind(shards);
    shards.mutate = (shard, mutation) => {
      this.#sent.push(mutation);
      return mutate(shard, mutation);
    };
  }

  /** Makes keyspace `k`, types and tables. */
  async create(...statements: string[]): Promise<void> {
    await this.session.all(
      "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
      'USE k',
      ...statements,
    );
    nativeStamps.setBound(2n ** 62n);
    for (const table of this.session.node.catalogue.getKeyspace('k').tables.values())
      for (const one of [...indexTablesOf(table).map((index) => index.table), table]) await this.rig.setTable(one);
  }

  async #prepare(cql: string): Promise<Prepared | null> {
    const known = this.#prepared.get(cql);
    if (known !== undefined) return known;
    const prepared = (await this.session.node.processor.prepare(cql, this.session.client, null)) as Prepared;
    const plan = encodeHotPlan(prepared, allLevels);
    if (plan !== null) this.rig.hot.register(plan);
    this.#prepared.set(cql, plan === null ? null : prepared);
    return plan === null ? null : prepared;
  }

  /** Runs it on both. What the addon leaves to JavaScript is done on its shard as JavaScript did it. */
  async run(cql: string, values: readonly TestValue[], timestamp: bigint): Promise<void> {
    const prepared = await this.#prepare(cql);
    assert.notEqual(prepared, null, `${cql} is hot`);
    this.#sent.length = 0;
    let failed: FerrosaError | null = null;
    let result: QueryResult | null = null;
    const bound = values.map((value) => (value === 'unset' ? UNSET : value));
    await this.session.execute(cql, bound, { timestamp }).then(
      (value) => (result = value),
      (error: FerrosaError) => (failed = error),
    );
    this.#stream = (this.#stream + 1) % 30_000;
    const { id } = prepared!;
    const request = executeEnvelope({
      version: 4,
      stream: this.#stream,
      preparedId: Buffer.from(id),
      values: [...values],
      timestamp,
    });
    const frame = await this.client.ask(this.#stream, request);
    if (frame.opcode >= 0) {
      assert.equal(failed, null, `${cql} with ${values.map((value) => value?.toString('hex'))}`);
      assert.equal(frame.opcode, 8, Buffer.from(frame.body).toString());
      assert.equal(Buffer.from(frame.body).toString('hex'), bodyOf(result!), cql);
      this.hot.set(cql, (this.hot.get(cql) ?? 0) + 1);
    } else for (const mutation of this.#sent) await this.rig.router.mutate(0, mutation, true);
  }

  /** All that both have of a partition: values and, unless the server gave them, their times. */
  async compare(name: string, key: Buffer, times: 'given' | 'own' = 'given'): Promise<void> {
    await this.#compare(this.session.node.catalogue.getTable('k', name), key, times);
  }

  /** The entries that both have in the indexes of a table. */
  async compareIndexes(name: string): Promise<void> {
    for (const index of indexTablesOf(this.session.node.catalogue.getTable('k', name)))
      await this.#compare(index.table, Buffer.alloc(4), 'own');
  }

  async #compare(table: TableDefinition, key: Buffer, times: 'given' | 'own'): Promise<void> {
    const columns = [
      ...table.clustering.map((_, which) => ({ what: Selected.clustering, which })),
      ...[...table.statics, ...table.regulars].flatMap(({ id: which, type }) => [
        { what: Selected.value, which },
        ...(times === 'given' ? [{ what: isMulticell(type) ? Selected.maxWritetime : Selected.writetime, which }] : []),
      ]),
    ];
    const command = encodeReadCommand({
      tableId: Buffer.from(table.id.replaceAll('-', ''), 'hex'),
      nowSeconds: Math.floor(Date.now() / 1000),
      columns,
      partitions: { keys: [key] },
      unrestricted: true,
    });
    const rows = (bytes: Uint8Array) =>
      [...new RowStream(bytes).partitions()].flatMap((partition) =>
        [...rowsOf(partition, columns.length)].map(({ cells }) => Buffer.from(cells).toString('hex')),
      );
    const expected = rows(await this.session.node.shards.read(0, command));
    assert.deepEqual(rows(await this.rig.router.read(0, command)), expected);
  }

  close(): void {
    this.rig.close();
  }
}

/** The body of a RESULT as the server writes it, in hexadecimal. */
function bodyOf(result: QueryResult): string {
  const writer = new BufferWriter(256);
  writer.i32(result.kind === 'rows' ? 2 : 1);
  if (result.kind === 'rows') {
    writeRowsMetadata(writer, { columns: result.columns, pagingState: null, skip: false, changedId: null }, 4);
    writer.i32(result.rowCount);
    for (const piece of result.rows) writer.bytes(piece);
  }
  return Buffer.from(writer.finish()).toString('hex');
}
