// Names in CQL text: when they need quotes.

/** Words that cannot be a name without quotes (Cassandra's reserved_keywords.txt, 5.0). */
export const reservedKeywords: ReadonlySet<string> = new Set(
  (
    'ADD ALLOW ALTER AND APPLY ASC AUTHORIZE BATCH BEGIN BY COLUMNFAMILY CREATE DELETE DESC DESCRIBE DROP ENTRIES ' +
    'EXECUTE FROM FULL GRANT IF IN INDEX INFINITY INSERT INTO IS KEYSPACE LIMIT MATERIALIZED MODIFY NAN NORECURSIVE ' +
    'NOT NULL OF ON OR ORDER PRIMARY RENAME REVOKE SCHEMA SELECT SET TABLE TO TOKEN TRUNCATE UNLOGGED UPDATE USE ' +
    'USING VIEW WHERE WITH'
  ).split(' '),
);

/** A name as CQL text: as it is, or in double quotes when it would not be read back as the same name. */
export function quoteIfNeeded(name: string): string {
  if (/^[a-z][a-z0-9_]*$/.test(name) && !reservedKeywords.has(name.toUpperCase())) return name;
  return `"${name.replaceAll('"', '""')}"`;
}

/** A CQL string literal. */
export function quoteString(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
