// A coordinator that tells a trace what goes through it, in the words of Cassandra's events. What replicas do is told when they have answered:
// the events are true, their times are those of the answers.
import { fromHex, toHex } from '../../common/bytes.js';
import { type Catalogue, keyComponents, type TableDefinition } from '../../schema/index.js';
import { RowStream } from '../../storage/index.js';
import { plainText } from '../../types/index.js';
import type { Tracer } from '../api.js';
import type {
  CasOptions,
  CompareAndSet,
  Coordinator,
  IndexBucket,
  MutationOptions,
  ReadOptions,
  RoutedMutation,
  RoutedRead,
  VectorClaim,
  VectorHits,
  VectorSearch,
} from '../coordinator.js';
import type { SelectPlan } from '../select/select-plan.js';

/** By which index a query finds its rows. */
export function traceIndexes(tracer: Tracer, { table, searches }: SelectPlan): void {
  const [best] = searches;
  if (best?.kind !== 'leaf') return;
  tracer.event(`Executing read on ${table.keyspace}.${table.name} using index ${best.index.index.name}`);
}

/** Of a mutation and of a read command: docs/format/mutation.md, read-command.md. */
const tableIdAt = 2;
const tableIdBytes = 16;
/** A command's kind of partitions and its token range stand behind table id, now and three limits. */
const partitionsAt = tableIdAt + tableIdBytes + 16;
const tokenRangeKind = 1;

export class TracingCoordinator implements Coordinator {
  constructor(
    private readonly inner: Coordinator,
    private readonly tracer: Tracer,
    private readonly catalogue: Pick<Catalogue, 'tableById'>,
  ) {}

  get indexBuckets(): readonly IndexBucket[] {
    return this.inner.indexBuckets;
  }

  isIndexBuilt(id: string): boolean {
    return this.inner.isIndexBuilt(id);
  }

  noteIndexUse(id: string): void {
    this.inner.noteIndexUse(id);
  }

  async mutate(mutations: readonly RoutedMutation[], options: MutationOptions): Promise<void> {
    const what = options.writeType === 'BATCH' ? 'atomic batch' : 'mutation';
    if (mutations.length > 0) this.tracer.event(`Determining replicas for ${what}`);
    await this.inner.mutate(mutations, options);
    for (const { bytes } of mutations) this.#applied(bytes, options.durable);
  }

  /** Its steps are not those of Paxos: no ballots, promises and proposals. */
  async compareAndSet(operation: CompareAndSet, options: CasOptions): Promise<void> {
    let committed: Uint8Array | null = null;
    const decide: CompareAndSet['decide'] = (answers, timestampAfter) => {
      this.tracer.event('Reading existing values for CAS precondition');
      for (const answer of answers) this.#rows(operation.tableId, answer);
      committed = operation.decide(answers, timestampAfter);
      return committed;
    };
    await this.inner.compareAndSet({ ...operation, decide }, options);
    const bytes = committed as Uint8Array | null;
    if (bytes === null)
      this.tracer.event(`CAS precondition does not match current values ${this.#partition(operation)}`);
    else this.#applied(bytes, options.durable);
    this.tracer.event(bytes === null ? 'CAS did not apply' : 'CAS applied successfully');
  }

  async read(read: RoutedRead, options: ReadOptions): Promise<Uint8Array> {
    const { command, tokens } = read;
    const id = command.subarray(tableIdAt, tableIdAt + tableIdBytes);
    if (tokens === null) this.tracer.event('Computing ranges to query');
    const bytes = await this.inner.read(read, options);
    if (tokens === null) {
      const { sources } = new RowStream(bytes);
      this.tracer.event('Submitted 1 concurrent range requests');
      this.tracer.event(`Executing seq scan across ${sources} sstables for ${rangeText(command)}`);
      this.#counts(bytes);
    } else this.#rows(id, bytes, tokens.length);
    return bytes;
  }

  async searchVectors(search: VectorSearch, options: ReadOptions): Promise<VectorHits> {
    const found = await this.inner.searchVectors(search, options);
    this.tracer.event(`Found ${found.hits.length} candidates in the graphs of a vector index`);
    return found;
  }

  forgetVectors(table: Uint8Array, index: Uint8Array, claims: readonly VectorClaim[]): Promise<void> {
    return this.inner.forgetVectors(table, index, claims);
  }

  async truncate(table: string, timeoutMs: number): Promise<void> {
    await this.inner.truncate(table, timeoutMs);
    const found = this.#table(fromHex(table.replaceAll('-', '')) ?? new Uint8Array(0));
    if (found !== null) this.tracer.event(`Applying truncation of ${found.keyspace}.${found.name}`);
  }

  #applied(mutation: Uint8Array, durable: boolean): void {
    const table = this.#table(mutation.subarray(tableIdAt, tableIdAt + tableIdBytes));
    if (durable) this.tracer.event('Appending to commitlog');
    if (table !== null) this.tracer.event(`Adding to ${table.name} memtable`);
  }

  /** What the read of some partitions has come to. */
  #rows(tableId: Uint8Array, bytes: Uint8Array, partitions = 1): void {
    const table = this.#table(tableId);
    const { sources } = new RowStream(bytes);
    // A table of entries of an index is in no catalogue.
    if (table !== null)
      for (let i = 0; i < partitions; i++) {
        this.tracer.event(`Executing single-partition query on ${table.name}`);
        this.tracer.event('Acquiring sstable references');
      }
    this.tracer.event(`Merged data from memtables and ${sources} sstables`);
    this.#counts(bytes);
  }

  #counts(bytes: Uint8Array): void {
    const { liveRows, tombstones } = new RowStream(bytes);
    this.tracer.event(`Read ${liveRows} live rows and ${tombstones} tombstone cells`);
  }

  /** "[ks.t] key=1"; Cassandra tells the rows as well. */
  #partition({ tableId, key }: CompareAndSet): string {
    const table = this.#table(tableId);
    if (table === null) return '';
    const parts = keyComponents(table, key).map((part, i) => plainText(table.partitionKey[i]!.type, part));
    return `[${table.keyspace}.${table.name}] key=${parts.join(':')}`;
  }

  #table(id: Uint8Array): TableDefinition | null {
    const hex = toHex(id).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    return this.catalogue.tableById(hex);
  }
}

const tokenMin = -(2n ** 63n);
const tokenMax = 2n ** 63n - 1n;

/** The tokens of a scan as Cassandra writes them: the whole ring begins and ends with its least token. */
function rangeText(command: Uint8Array): string {
  const view = new DataView(command.buffer, command.byteOffset, command.byteLength);
  if (view.getUint8(partitionsAt) !== tokenRangeKind) return 'keys';
  const start = view.getBigInt64(partitionsAt + 1, true);
  const end = view.getBigInt64(partitionsAt + 10, true);
  const isFromStart = view.getUint8(partitionsAt + 9) === 1;
  const isToEnd = view.getUint8(partitionsAt + 18) === 1;
  const from = start === tokenMin ? `(min(${tokenMin})` : isFromStart ? `[min(${start})` : `(max(${start})`;
  const to = end === tokenMax ? `min(${tokenMin})]` : isToEnd ? `max(${end})]` : `min(${end}))`;
  return `${from}, ${to}`;
}
