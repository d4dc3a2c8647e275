// The keywords of CQL and which of them may also be names. Source: CQL grammar of Cassandra 5.0 (src/antlr).

/** Keywords that may not be used as a name without quotes. */
const reserved = [
  'ADD ALLOW ALTER AND APPLY ASC AUTHORIZE BATCH BEGIN BY COLUMNFAMILY CREATE DELETE DESC DESCRIBE DROP',
  'ENTRIES EXECUTE FROM FULL GRANT IF IN INDEX INFINITY INSERT INTO IS KEYSPACE LIMIT MATERIALIZED MODIFY NAN NORECURSIVE',
  'NOT NULL OF ON OR ORDER PRIMARY RENAME REVOKE SCHEMA SELECT SET TABLE TO TOKEN TRUNCATE UNLOGGED UPDATE USE USING VIEW',
  'WHERE WITH',
];

/** Keywords that may name a column, table, user type, function or keyspace. */
const basicUnreserved = [
  'KEYS AS CLUSTER CLUSTERING COMPACT STORAGE TABLES COLUMNFAMILIES TYPE TYPES VALUES MAP LIST FILTERING PERMISSION',
  'PERMISSIONS KEYSPACES ALL USER USERS ROLE ROLES IDENTITY SUPERUSER NOSUPERUSER LOGIN NOLOGIN OPTIONS PASSWORD',
  'HASHED EXISTS CUSTOM TRIGGER CONTAINS INTERNALS ONLY STATIC FROZEN TUPLE FUNCTION FUNCTIONS AGGREGATE',
  'AGGREGATES SFUNC STYPE FINALFUNC INITCOND RETURNS LANGUAGE CALLED INPUT LIKE PER PARTITION GROUP DATACENTERS CIDRS ACCESS',
  'DEFAULT MBEAN MBEANS REPLACE UNSET MASKED UNMASK SELECT_MASKED VECTOR ANN BETWEEN',
];

/** Names of native types: unreserved, and function names too. */
const nativeTypes = [
  'ASCII BIGINT BLOB BOOLEAN COUNTER DECIMAL DOUBLE DURATION FLOAT INET INT SMALLINT TEXT TIMESTAMP TINYINT UUID VARCHAR',
  'VARINT TIMEUUID DATE TIME',
];

/** Unreserved, but not as a user type's or a function's name. */
const otherUnreserved = ['TTL COUNT WRITETIME MAXWRITETIME KEY CAST JSON DISTINCT'];

const words = (lines: readonly string[]): string[] => lines.join(' ').split(' ');
const tokenOf = (word: string): string => {
  if (word === 'TABLE') return 'K_COLUMNFAMILY';
  if (word === 'COLUMNFAMILIES') return 'K_TABLES';
  if (word === 'NAN') return 'K_POSITIVE_NAN';
  if (word === 'INFINITY') return 'K_POSITIVE_INFINITY';
  return `K_${word}`;
};
const tokens = (lines: readonly string[]): ReadonlySet<string> => new Set(words(lines).map(tokenOf));

/** Token type of every keyword, by its upper-case text. */
export const keywordTokens: ReadonlyMap<string, string> = new Map(
  words([...reserved, ...basicUnreserved, ...nativeTypes, ...otherUnreserved]).map((word) => [word, tokenOf(word)]),
);

export const basicUnreservedTokens = tokens(basicUnreserved);
export const nativeTypeTokens = tokens(nativeTypes);
export const unreservedTokens: ReadonlySet<string> = new Set([
  ...basicUnreservedTokens,
  ...nativeTypeTokens,
  ...tokens(otherUnreserved),
]);
export const unreservedFunctionTokens: ReadonlySet<string> = new Set([...basicUnreservedTokens, ...nativeTypeTokens]);

const reservedWords = new Set(words(reserved));

/** True when a name in lower case must be quoted to be a name. */
export function isReservedWord(name: string): boolean {
  return reservedWords.has(name.toUpperCase());
}

const plainName = /^[a-z][a-z0-9_]*$/;

/** The name as it has to be written in a statement: quoted when it is not a plain lower-case word or is reserved. */
export function quoteName(name: string): string {
  return plainName.test(name) && !isReservedWord(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
