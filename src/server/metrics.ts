// Counters of the server; the web side reads them, nobody else writes them.

export class ServerMetrics {
  connectionsAccepted = 0;
  connectionsRefused = 0;
  connectionsClosed = 0;
  /** Requests that did not take the hot path. */
  plainRequests = 0;
  /** What the addon took out of the bytes of connections. */
  hotRequests: () => number = () => 0;
  errors = 0;
  protocolErrors = 0;
  overloads = 0;
  pauses = 0;
  receivedBytes = 0;
  sentBytes = 0;
  authenticationSuccesses = 0;
  authenticationFailures = 0;
  /** By kind: QUERY, PREPARE, EXECUTE, BATCH. */
  /** Those of the hot path left out. */
  readonly statements: Record<string, number> = { QUERY: 0, PREPARE: 0, EXECUTE: 0, BATCH: 0 };

  get requests(): number {
    return this.plainRequests + this.hotRequests();
  }
}
