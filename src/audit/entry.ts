// An audit record and its text, that of Cassandra's AuditLogEntry.
import { type EntryType, entryTypes } from './entry-types.js';

export type AuditEntry = {
  readonly type: EntryType;
  /** Null before anybody has logged in. */
  readonly user: string | null;
  /** Address and port of the client. */
  readonly source: string;
  readonly port: number;
  /** Milliseconds since the epoch: when the statement began. */
  readonly timestampMs: number;
  /** Of the records of one batch. */
  readonly batch: string | null;
  readonly keyspace: string | null;
  /** The table, index, type, function or resource. */
  readonly scope: string | null;
  readonly operation: string | null;
};

/** Java's text of an address: a slash stands where a host name could. */
export function hostText(address: string, port: number): string {
  return `/${address.includes(':') ? `[${address}]` : address}:${port}`;
}

const isBlank = (text: string | null): text is null => text === null || text.trim() === '';

/** @param host  this node, as `hostText` has it */
export function entryText(entry: AuditEntry, host: string): string {
  const { type, user, source, port, timestampMs, batch, keyspace, scope, operation } = entry;
  const parts = [`user:${user}`, `host:${host}`, `source:/${source}`];
  if (port > 0) parts.push(`port:${port}`);
  parts.push(`timestamp:${timestampMs}`, `type:${type}`, `category:${entryTypes[type]}`);
  if (batch !== null) parts.push(`batch:${batch}`);
  if (!isBlank(keyspace)) parts.push(`ks:${keyspace}`);
  if (!isBlank(scope)) parts.push(`scope:${scope}`);
  if (!isBlank(operation)) parts.push(`operation:${operation}`);
  return parts.join('|');
}

/** One line of a log of text: a statement with line breaks in it must not look like further records. */
export const oneLine = (text: string): string =>
  text.replaceAll(/[\r\n\u2028\u2029]/g, (char) => (char === '\n' ? '\\n' : char === '\r' ? '\\r' : ' '));
