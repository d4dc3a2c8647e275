// What the process asks of consensus: agree on the order of commands and keep them. One voter answers today; the
// interface is that of a group.

/** A command as data: plain JSON, the same on every node. */
export type Command = { readonly kind: string } & Readonly<Record<string, unknown>>;

export type LogEntry = { readonly index: number; readonly term: number; readonly command: Command };

export type Snapshot = { readonly index: number; readonly term: number; readonly state: unknown };

/** What lay on the disk when the node started. */
export type Restored = {
  readonly snapshot: Snapshot | null;
  /** Committed entries after the snapshot, in order. */
  readonly entries: readonly LogEntry[];
  /** What an operator should know, for example that a torn record was cut off. */
  readonly reports: readonly string[];
};

export interface Consensus {
  /**
   * Reads what is there. Once, before anything else.
   * @throws FerrosaError CORRUPT with file and offset
   */
  open(): Promise<Restored>;
  /**
   * Resolves with the entry's index once the entry is committed, after the listeners were told.
   * @throws FerrosaError SERVER_ERROR when it cannot be made durable: the command may still be committed
   */
  propose(command: Command): Promise<number>;
  /** Called with new committed entries in index order, each once. One listener: the state machine. */
  onCommitted(listener: (entries: readonly LogEntry[]) => void): void;
  /** Keeps `state`, which is what all entries up to `index` made, in place of those entries. */
  snapshot(state: unknown, index: number): Promise<void>;
  /** Bytes of log since the last snapshot. */
  logBytes(): number;
  stop(): Promise<void>;
}
