// Statements that took longer than slow_query_log_timeout: a few of the last ones are kept, and what is new is told the log in Cassandra's
// words (org.apache.cassandra.db.monitoring.MonitoringTask).

export type SlowQuery = {
  readonly text: string;
  readonly keyspace: string | null;
  readonly clientAddress: string;
  /** Milliseconds. */
  readonly durationMs: number;
  /** Milliseconds since the epoch. */
  readonly endedAtMs: number;
};

type Reported = { times: number; total: number; least: number; most: number };

/** Different statements that one report names, as in Cassandra. */
const reportedMax = 50;

export class SlowQueries {
  readonly #recent: SlowQuery[] = [];
  #reported = new Map<string, Reported>();
  #dropped = 0;

  /** @param keptMax  how many are kept to be looked at */
  constructor(
    readonly timeoutMs: number,
    private readonly keptMax: number,
  ) {}

  note(query: SlowQuery): void {
    this.#recent.push(query);
    if (this.#recent.length > this.keptMax) this.#recent.shift();
    const { durationMs: ms, text } = query;
    const known = this.#reported.get(text);
    if (known !== undefined) {
      known.times++;
      known.total += ms;
      known.least = Math.min(known.least, ms);
      known.most = Math.max(known.most, ms);
    } else if (this.#reported.size < reportedMax)
      this.#reported.set(text, { times: 1, total: ms, least: ms, most: ms });
    else this.#dropped++;
  }

  /** The last ones, oldest first. */
  get recent(): readonly SlowQuery[] {
    return this.#recent;
  }

  /** What came since the last call, for the log; null when nothing did. */
  takeReport(elapsedMs: number): string | null {
    const reported = this.#reported;
    const dropped = this.#dropped;
    if (reported.size === 0) return null;
    this.#reported = new Map();
    this.#dropped = 0;
    const lines = [...reported].map(([text, { times, total, least, most }]) => {
      const timeout = `slow timeout ${this.timeoutMs} msec`;
      if (times === 1) return `<${text}>, time ${Math.round(total)} msec - ${timeout}`;
      const figures = [total / times, least, most].map(Math.round).join('/');
      return `<${text}>, was slow ${times} times: avg/min/max ${figures} msec - ${timeout}`;
    });
    if (dropped > 0) lines.push(`... (${dropped} were dropped)`);
    return `${reported.size + dropped} operations were slow in the last ${elapsedMs} msecs:\n${lines.join('\n')}`;
  }
}
