// Which records an audit log keeps and what they say; what is hidden in them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entryText, hostText, oneLine } from '../../../src/audit/entry.js';
import { AuditFilter, type FilterSettings } from '../../../src/audit/filter.js';
import { hideInMessage, hidePasswords } from '../../../src/audit/obfuscate.js';
import { decodeQuery, encodeQuery, type LoggedQuery } from '../../../src/audit/query-record.js';
import { FerrosaError } from '../../../src/common/errors.js';
import { parseStatement } from '../../../src/cql/index.js';
import type { Plan } from '../../../src/query/index.js';
import { UNSET } from '../../../src/types/index.js';

const all: FilterSettings = {
  includedKeyspaces: '',
  excludedKeyspaces: '',
  includedCategories: '',
  excludedCategories: '',
  includedUsers: '',
  excludedUsers: '',
};
const entry = { type: 'SELECT', keyspace: 'ks', user: 'ann' } as const;

test('a record is kept when each of its keyspace, category and user is included and none is excluded', () => {
  const cases: [Partial<FilterSettings>, boolean][] = [
    [{}, true],
    [{ includedKeyspaces: 'ks, other' }, true],
    [{ includedKeyspaces: 'other' }, false],
    [{ excludedKeyspaces: 'ks' }, false],
    [{ includedKeyspaces: 'ks', excludedKeyspaces: 'ks' }, false],
    [{ includedCategories: 'query,AUTH' }, true],
    [{ includedCategories: 'AUTH' }, false],
    [{ excludedCategories: 'QUERY' }, false],
    [{ includedUsers: 'ann' }, true],
    [{ includedUsers: 'bob' }, false],
    [{ excludedUsers: 'ann' }, false],
    [{ excludedUsers: 'bob', includedCategories: 'QUERY', includedKeyspaces: 'ks' }, true],
  ];
  for (const [settings, kept] of cases)
    assert.equal(new AuditFilter({ ...all, ...settings }).admits(entry), kept, JSON.stringify(settings));
  // What has no keyspace is in no list of keyspaces.
  assert.equal(new AuditFilter({ ...all, includedKeyspaces: 'ks' }).admits({ ...entry, keyspace: null }), false);
  assert.equal(new AuditFilter({ ...all, excludedKeyspaces: 'ks' }).admits({ ...entry, keyspace: null }), true);
});

test('users of whom nothing is kept are known before their statements run', () => {
  const filter = new AuditFilter({ ...all, includedCategories: 'AUTH,DDL', excludedUsers: 'bob' });
  assert.equal(filter.mayAdmit('ann', ['QUERY', 'DML', 'ERROR']), false);
  assert.equal(filter.mayAdmit('ann', ['AUTH']), true);
  assert.equal(filter.mayAdmit('bob', ['AUTH']), false);
});

test('the text of a record is that of Cassandra', () => {
  const record = {
    type: 'UPDATE' as const,
    user: 'ann',
    source: '127.0.0.1',
    port: 57128,
    timestampMs: 1_795_883_991_135,
    batch: '59b32170-867a-4943-ac06-fa3bd8d9a108',
    keyspace: 'ak',
    scope: 't',
    operation: 'INSERT INTO t (k, v) VALUES (?, ?)',
  };
  assert.equal(
    entryText(record, hostText('127.0.0.5', 17000)),
    'user:ann|host:/127.0.0.5:17000|source:/127.0.0.1|port:57128|timestamp:1795883991135|type:UPDATE|category:DML|' +
      'batch:59b32170-867a-4943-ac06-fa3bd8d9a108|ks:ak|scope:t|operation:INSERT INTO t (k, v) VALUES (?, ?)',
  );
  assert.equal(
    entryText({ ...record, user: null, batch: null, keyspace: null, scope: ' ', operation: '' }, '/h:1'),
    'user:null|host:/h:1|source:/127.0.0.1|port:57128|timestamp:1795883991135|type:UPDATE|category:DML',
  );
  assert.equal(hostText('::1', 7000), '/[::1]:7000');
});

test('a statement with line breaks in it is one line of a log of text', () => {
  assert.equal(oneLine('SELECT 1\nuser:cassandra|\r\ntype:X'), 'SELECT 1\\nuser:cassandra|\\r\\ntype:X');
});

const planOfText = (text: string): Plan => ({ kind: 'auth', statement: parseStatement(text).statement as never });

test('no password is in the text of a statement about roles', () => {
  const cases: [string, string][] = [
    [
      "CREATE ROLE a WITH PASSWORD = 'x y' AND LOGIN = true",
      "CREATE ROLE a WITH PASSWORD = '*******' AND LOGIN = true",
    ],
    ["ALTER ROLE a WITH password='it''s'", "ALTER ROLE a WITH password='*******'"],
    ["CREATE USER a WITH PASSWORD 'x' SUPERUSER", "CREATE USER a WITH PASSWORD '*******' SUPERUSER"],
    ['ALTER ROLE a WITH PASSWORD = $$x$$', "ALTER ROLE a WITH PASSWORD = '*******'"],
    ["ALTER ROLE a WITH HASHED PASSWORD = '$2a$10$x'", "ALTER ROLE a WITH HASHED PASSWORD = '*******'"],
    ["ALTER ROLE a WITH PASSWORD /* 'b' */ = 'x'", 'ALTER ROLE a WITH PASSWORD *******'],
    ["ALTER ROLE a WITH PASSWORD -- PASSWORD 'b'\n = 'x'", 'ALTER ROLE a WITH PASSWORD *******'],
    ['LIST ROLES', 'LIST ROLES'],
  ];
  for (const [text, shown] of cases) assert.equal(hidePasswords(text, planOfText(text)), shown, text);
  assert.equal(hidePasswords("CREATE ROLE a WITH PASSWORD 'x' nonsense", null), 'CREATE ROLE a WITH PASSWORD *******');
  assert.equal(hidePasswords('SELECT * FROM t', null), 'SELECT * FROM t');
});

test('no password is in the message of an error', () => {
  const syntax = new FerrosaError('SYNTAX_ERROR', "line 1:33 mismatched input 'secret' expecting STRING_LITERAL");
  assert.equal(
    hideInMessage(syntax, 'CREATE ROLE a WITH PASSWORD = secret'),
    'Syntax Exception. Obscured for security reasons.',
  );
  assert.equal(hideInMessage(syntax, 'SELEC 1'), syntax.message);
  const login = new FerrosaError('BAD_CREDENTIALS', 'Provided username bob and/or password are incorrect');
  assert.equal(hideInMessage(login, null), 'Provided username bob and/or password *******');
});

test('a record of the full query log holds all that a replay needs', () => {
  const parameters = {
    consistency: 6,
    serialConsistency: 9,
    values: [Uint8Array.of(1, 2), null, UNSET] as const,
    names: ['a', 'b', 'c'],
    pageSize: 10,
    pagingState: Uint8Array.of(7),
    timestamp: -5n,
    keyspace: 'ks',
    nowInSeconds: 77,
  };
  const common = { startedMs: 5, protocolVersion: 5, keyspace: null, parameters, generatedTimestamp: 9n };
  const query: LoggedQuery = { ...common, kind: 'query', query: 'SELECT \u{1f600}' };
  assert.deepEqual(decodeQuery(encodeQuery(query)), query);
  const bare = {
    ...common,
    generatedTimestamp: null,
    parameters: { ...parameters, values: [], names: null, pageSize: null, pagingState: null, timestamp: null },
  };
  const batch: LoggedQuery = {
    ...bare,
    kind: 'batch',
    type: 'counter',
    queries: [
      { query: 'a', values: [Uint8Array.of()] },
      { query: 'b', values: [] },
    ],
  };
  assert.deepEqual(decodeQuery(encodeQuery(batch)), batch);
  assert.throws(() => decodeQuery(encodeQuery(batch).subarray(0, 20)), FerrosaError);
});
