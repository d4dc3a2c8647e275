// A coordinator that measures what goes through it: for EXPLAIN ANALYZE.
import { RowStream } from '../../storage/index.js';
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

export class MeasuringCoordinator implements Coordinator {
  reads = 0;
  readMicros = 0;
  liveRows = 0;
  tombstones = 0;
  /** The most that one read touched. */
  sstables = 0;

  /** @param nowMicros  monotonic */
  constructor(
    private readonly inner: Coordinator,
    private readonly nowMicros: () => number,
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

  mutate(mutations: readonly RoutedMutation[], options: MutationOptions): Promise<void> {
    return this.inner.mutate(mutations, options);
  }

  compareAndSet(operation: CompareAndSet, options: CasOptions): Promise<void> {
    return this.inner.compareAndSet(operation, options);
  }

  async read(read: RoutedRead, options: ReadOptions): Promise<Uint8Array> {
    const start = this.nowMicros();
    const bytes = await this.inner.read(read, options);
    this.readMicros += this.nowMicros() - start;
    const stream = new RowStream(bytes);
    this.reads++;
    this.#note(stream);
    return bytes;
  }

  #note(stream: RowStream): void {
    this.liveRows += stream.liveRows;
    this.tombstones += stream.tombstones;
    this.sstables = Math.max(this.sstables, stream.sources);
  }

  async searchVectors(search: VectorSearch, options: ReadOptions): Promise<VectorHits> {
    const start = this.nowMicros();
    const hits = await this.inner.searchVectors(search, options);
    this.readMicros += this.nowMicros() - start;
    this.reads++;
    for (const bytes of hits.rows ?? []) this.#note(new RowStream(bytes));
    return hits;
  }

  forgetVectors(table: Uint8Array, index: Uint8Array, claims: readonly VectorClaim[]): Promise<void> {
    return this.inner.forgetVectors(table, index, claims);
  }

  truncate(table: string, timeoutMs: number): Promise<void> {
    return this.inner.truncate(table, timeoutMs);
  }
}
