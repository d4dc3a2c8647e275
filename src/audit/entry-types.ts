// What an audit record is of: the names and categories of Cassandra 5.0 (org.apache.cassandra.audit.AuditLogEntryType).

export const categories = ['QUERY', 'DML', 'DDL', 'DCL', 'OTHER', 'AUTH', 'ERROR', 'PREPARE'] as const;
export type Category = (typeof categories)[number];

export const entryTypes = {
  SELECT: 'QUERY',
  UPDATE: 'DML',
  DELETE: 'DML',
  TRUNCATE: 'DDL',
  CREATE_KEYSPACE: 'DDL',
  ALTER_KEYSPACE: 'DDL',
  DROP_KEYSPACE: 'DDL',
  CREATE_TABLE: 'DDL',
  DROP_TABLE: 'DDL',
  PREPARE_STATEMENT: 'PREPARE',
  DROP_TRIGGER: 'DDL',
  LIST_USERS: 'DCL',
  CREATE_INDEX: 'DDL',
  DROP_INDEX: 'DDL',
  GRANT: 'DCL',
  REVOKE: 'DCL',
  CREATE_TYPE: 'DDL',
  DROP_AGGREGATE: 'DDL',
  ALTER_VIEW: 'DDL',
  CREATE_VIEW: 'DDL',
  DROP_ROLE: 'DCL',
  CREATE_FUNCTION: 'DDL',
  ALTER_TABLE: 'DDL',
  BATCH: 'DML',
  CREATE_AGGREGATE: 'DDL',
  DROP_VIEW: 'DDL',
  DROP_TYPE: 'DDL',
  DROP_FUNCTION: 'DDL',
  ALTER_ROLE: 'DCL',
  CREATE_TRIGGER: 'DDL',
  LIST_ROLES: 'DCL',
  LIST_PERMISSIONS: 'DCL',
  ALTER_TYPE: 'DDL',
  CREATE_ROLE: 'DCL',
  CREATE_IDENTITY: 'DCL',
  DROP_IDENTITY: 'DCL',
  USE_KEYSPACE: 'OTHER',
  DESCRIBE: 'OTHER',
  // Of statements that Cassandra does not have.
  LIST_QUERIES: 'OTHER',
  KILL_QUERY: 'OTHER',

  REQUEST_FAILURE: 'ERROR',
  LOGIN_ERROR: 'AUTH',
  UNAUTHORIZED_ATTEMPT: 'AUTH',
  LOGIN_SUCCESS: 'AUTH',
} as const satisfies Record<string, Category>;

export type EntryType = keyof typeof entryTypes;
