export { AuditLog, type AuditLogOptions, type AuditSettings, auditLoggers } from './audit-log.js';
export { ClientLogs, type LoginRecord, type StatementMessage, type StatementRecord } from './client-logs.js';
export { hostText } from './entry.js';
export { categories } from './entry-types.js';
export { FullQueryLog, type FullQuerySettings, queryLogPrefix } from './full-query-log.js';
export { decodeQuery, encodeQuery, type LoggedQuery } from './query-record.js';
export { type ReadEnd, RecordKind, readRecords } from './records/record-file.js';
export { rollCycleNames } from './records/roll-cycle.js';
export { isLogFile, type RecordCounts, type RolledLogSettings } from './records/rolled-log.js';
