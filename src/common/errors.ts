// Every error that a client can see: one table, one class. docs/errors.md lists the same rows.

/** CQL error numbers of the native protocol (spec v5, section 9) and what is known about the write behind them. */
export const errorTable = {
  SERVER_ERROR: { cql: 0x0000, outcome: 'unknown' },
  PROTOCOL_ERROR: { cql: 0x000a, outcome: 'not-applied' },
  BAD_CREDENTIALS: { cql: 0x0100, outcome: 'not-applied' },
  UNAVAILABLE: { cql: 0x1000, outcome: 'not-applied' },
  OVERLOADED: { cql: 0x1001, outcome: 'not-applied' },
  IS_BOOTSTRAPPING: { cql: 0x1002, outcome: 'not-applied' },
  TRUNCATE_ERROR: { cql: 0x1003, outcome: 'unknown' },
  WRITE_TIMEOUT: { cql: 0x1100, outcome: 'unknown' },
  READ_TIMEOUT: { cql: 0x1200, outcome: 'not-applied' },
  READ_FAILURE: { cql: 0x1300, outcome: 'not-applied' },
  FUNCTION_FAILURE: { cql: 0x1400, outcome: 'not-applied' },
  WRITE_FAILURE: { cql: 0x1500, outcome: 'unknown' },
  CDC_WRITE_FAILURE: { cql: 0x1600, outcome: 'not-applied' },
  CAS_WRITE_UNKNOWN: { cql: 0x1700, outcome: 'unknown' },
  SYNTAX_ERROR: { cql: 0x2000, outcome: 'not-applied' },
  UNAUTHORIZED: { cql: 0x2100, outcome: 'not-applied' },
  INVALID: { cql: 0x2200, outcome: 'not-applied' },
  CONFIG_ERROR: { cql: 0x2300, outcome: 'not-applied' },
  ALREADY_EXISTS: { cql: 0x2400, outcome: 'not-applied' },
  UNPREPARED: { cql: 0x2500, outcome: 'not-applied' },
  /** Bytes on disk that are not what they should be. A client sees a server error. */
  CORRUPT: { cql: 0x0000, outcome: 'not-applied' },
} as const satisfies Record<string, { cql: number; outcome: 'not-applied' | 'unknown' }>;

export type ErrorCode = keyof typeof errorTable;

/** Extra fields of an error body, by code (spec v5, section 9). */
export type ErrorFields = {
  consistency?: number;
  required?: number;
  alive?: number;
  received?: number;
  blockFor?: number;
  writeType?: string;
  dataPresent?: boolean;
  failures?: number;
  /** Who failed and why (v5): IP address of 4 or 16 bytes, reason code of section 9. */
  failureReasons?: readonly { address: Uint8Array; reason: number }[];
  contentions?: number;
  keyspace?: string;
  table?: string;
  functionName?: string;
  argumentTypes?: string[];
  preparedId?: Uint8Array;
};

/** An expected failure. Callers branch on `code`; a bug is an AssertionError instead. */
export class FerrosaError extends Error {
  override readonly name = 'FerrosaError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly fields: ErrorFields = {},
  ) {
    super(message);
  }
}

/** Invalid (0x2200): the statement cannot be executed as it is. */
export const invalid = (message: string): FerrosaError => new FerrosaError('INVALID', message);
/** Syntax error (0x2000). */
export const syntaxError = (message: string): FerrosaError => new FerrosaError('SYNTAX_ERROR', message);
/** Config error (0x2300). */
export const configError = (message: string): FerrosaError => new FerrosaError('CONFIG_ERROR', message);
/** Protocol error (0x000A). */
export const protocolError = (message: string): FerrosaError => new FerrosaError('PROTOCOL_ERROR', message);
