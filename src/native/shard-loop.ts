// The shard's side of the rings: one call a wake-up runs what has come against the store and the commit log.
import { addon } from './binding.js';
import type { RingConsumer, RingProducer } from './ring.js';

/** Bits of what `run` returns. */
export const ShardLoopOutcome = {
  /** The budget is spent: call run again after other events. Without it the waker is armed. */
  more: 1,
  /** takeEvents has something. */
  events: 2,
  /** takeMisses has something. */
  misses: 4,
} as const;

export type ShardLoopStats = {
  readonly records: number;
  readonly hotWrites: number;
  readonly hotReads: number;
  readonly declined: number;
  readonly mutations: number;
  readonly reads: number;
  /** Requests that waited for chunks. */
  readonly parked: number;
  readonly yielded: number;
  /** Dropped: past their deadline when their turn came. */
  readonly expired: number;
  readonly errors: number;
  /** Answers that wait for a sync of the log. */
  readonly held: number;
  /** Requests that wait for chunks now. */
  readonly waiting: number;
};

export interface ShardLoop {
  /** The shard's ends of the rings of a thread that asks. Returns the asker's number. */
  addAsker(requests: RingConsumer, answers: RingProducer): number;
  /** Which shard of how many it is: a single one unless told. */
  setShard(shard: number, shards: number): void;
  /** Commit-log modes batch and group: acknowledgements wait for `synced`. */
  holdForSync(hold: boolean): void;
  /** Whether a thread that asks may run short writes itself while this one sleeps, as it may short reads; it may until this is called. */
  lendWrites(lends: boolean): void;
  /** While the reason is not empty, writes are answered with OVERLOADED and this text; reads go on. */
  refuseWrites(reason: string): void;
  /** Runs what there is for about `budgetMicros`; bits of ShardLoopOutcome. Call it from the waker. */
  run(budgetMicros: number): number;
  /**
   * Five values an event: kind (RecordKind), asker, request, number, payload. `control` wants an `answer`; `table` (payload: descriptor,
   * number: of the memtable that its change froze, or 0) and `dropTable` (payload: id) are done and acknowledged already.
   */
  takeEvents(): readonly (number | Buffer)[];
  /** Three numbers a missing chunk: park, file, chunk. A park may list several. */
  takeMisses(): readonly number[];
  /** The log is on disk up to this sequence number. */
  synced(upTo: number): void;
  /** All chunks of a park are in the cache. */
  resume(park: number): void;
  /** A chunk of a park cannot be read: its request is answered with CORRUPT and this text. */
  fail(park: number, message: string): void;
  answer(asker: number, request: number, kind: number, payload: Uint8Array): void;
  /** Sends what resume and fail have answered. */
  flush(): void;
  stats(): ShardLoopStats;
}

/** `store`: a Store of the addon; `log`: a CommitLog of the addon, null for none. Both live at least as long. */
export const ShardLoop = addon.ShardLoop as new (store: object, log: object | null) => ShardLoop;

/** A timestamp for a write: microseconds since the epoch, strictly increasing over all threads of the process. */
export const serverMicros = addon.serverMicros as () => bigint;

/** The clock of what the node derives from writes, which shards read too (native/core/server_clock.h). */
export const nativeStamps = {
  /** Microseconds since the epoch, larger than all before. */
  take: addon.takeStampMicros as () => bigint,
  last: addon.lastStampMicros as () => bigint,
  /** Goes on where an earlier process ended. */
  startAt: addon.startStampsAt as (micros: bigint) => void,
  /** Shards take no stamp that reaches it. */
  setBound: addon.setStampBound as (micros: bigint) => void,
};
