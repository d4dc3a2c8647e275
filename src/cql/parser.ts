// A statement's text to its syntax tree: picks the statement by its first words.
import type { DdlStatement, DescribeStatement, ParsedStatement, QualifiedName, Statement } from './ast.js';
import {
  parseAddIdentity,
  parseDropIdentity,
  parseDropRole,
  parseGrant,
  parseList,
  parseRole,
  parseUser,
} from './auth-parser.js';
import { Cursor } from './cursor.js';
import {
  parseAlterKeyspace,
  parseAlterTable,
  parseAlterType,
  parseAlterView,
  parseCreateIndex,
  parseCreateKeyspace,
  parseCreateTable,
  parseCreateTrigger,
  parseCreateType,
  parseCreateView,
  parseDropIndex,
  parseDropTrigger,
  parseIfExists,
  parseKeyspaceName,
  parseTruncate,
  parseUserTypeName,
} from './ddl-parser.js';
import { acceptModification, parseBatch, parseSelect, parseTableName } from './dml-parser.js';
import { shapeNumber } from './fingerprint.js';
import { parseCreateAggregate, parseCreateFunction, parseDropFunction } from './function-parser.js';
import { acceptObserve } from './observe-parser.js';
import { parseFunctionName } from './term-parser.js';

/**
 * Parses one statement of CQL 3.4.7; semicolons may follow it.
 *
 * @throws FerrosaError SYNTAX_ERROR with the words of Cassandra's parser: place, kind of error, surroundings
 * Source: Cassandra 5.0's grammar (src/antlr/Parser.g), with ScyllaDB's USING TIMEOUT.
 */
export function parseStatement(text: string): ParsedStatement {
  const p = new Cursor(text);
  const statement = parseAny(p);
  while (p.accept("';'"));
  if (!p.is('EOF')) p.mismatch('EOF');
  p.finish();
  return { statement, markers: p.markers, shape: shapeNumber(p.tokens) };
}

function parseAny(p: Cursor): Statement {
  switch (p.peek().type) {
    case 'K_SELECT':
      return parseSelect(p);
    case 'K_BEGIN':
      return parseBatch(p);
    case 'K_USE':
      p.next();
      return { kind: 'use', keyspace: parseKeyspaceName(p) };
    case 'K_TRUNCATE':
      p.next();
      return parseTruncate(p);
    case 'K_CREATE':
      return parseCreate(p);
    case 'K_ALTER':
      return parseAlter(p);
    case 'K_DROP':
      return parseDrop(p);
    case 'K_GRANT':
      return parseGrant(p, 'GRANT');
    case 'K_REVOKE':
      return parseGrant(p, 'REVOKE');
    case 'K_LIST':
      return acceptObserve(p) ?? parseList(p);
    case 'K_ADD':
      return parseAddIdentity(p);
    case 'K_DESCRIBE':
    case 'K_DESC':
      return parseDescribe(p);
    default:
      return acceptModification(p) ?? acceptObserve(p) ?? p.noViable();
  }
}

/** Steps over the verb and its object's keyword. */
function skip(p: Cursor, tokens: number): Cursor {
  for (let i = 0; i < tokens; i++) p.next();
  return p;
}

function parseCreate(p: Cursor): Statement {
  switch (p.peek(1).type) {
    case 'K_KEYSPACE':
      return parseCreateKeyspace(skip(p, 2));
    case 'K_COLUMNFAMILY':
      return parseCreateTable(skip(p, 2));
    case 'K_TYPE':
      return parseCreateType(skip(p, 2));
    case 'K_INDEX':
      return parseCreateIndex(skip(p, 2), false);
    case 'K_CUSTOM':
      skip(p, 2).expect('K_INDEX');
      return parseCreateIndex(p, true);
    case 'K_MATERIALIZED':
      return parseCreateView(skip(p, 2));
    case 'K_TRIGGER':
      return parseCreateTrigger(skip(p, 2));
    case 'K_USER':
      return parseUser(skip(p, 2), 'CREATE');
    case 'K_ROLE':
      return parseRole(skip(p, 2), 'CREATE');
    case 'K_FUNCTION':
      return parseCreateFunction(skip(p, 2), false);
    case 'K_AGGREGATE':
      return parseCreateAggregate(skip(p, 2), false);
    case 'K_OR':
      return parseCreateOrReplace(p);
    default:
      return p.noViable(1);
  }
}

function parseCreateOrReplace(p: Cursor): Statement {
  skip(p, 2).expect('K_REPLACE');
  if (p.accept('K_FUNCTION')) return parseCreateFunction(p, true);
  if (p.accept('K_AGGREGATE')) return parseCreateAggregate(p, true);
  return p.noViable();
}

function parseAlter(p: Cursor): Statement {
  switch (p.peek(1).type) {
    case 'K_KEYSPACE':
      return parseAlterKeyspace(skip(p, 2));
    case 'K_COLUMNFAMILY':
      return parseAlterTable(skip(p, 2));
    case 'K_TYPE':
      return parseAlterType(skip(p, 2));
    case 'K_MATERIALIZED':
      return parseAlterView(skip(p, 2));
    case 'K_USER':
      return parseUser(skip(p, 2), 'ALTER');
    case 'K_ROLE':
      return parseRole(skip(p, 2), 'ALTER');
    default:
      return p.noViable(1);
  }
}

function parseDrop(p: Cursor): Statement {
  const simple = (kind: 'dropTable' | 'dropView'): DdlStatement => {
    const ifExists = parseIfExists(p);
    const name = parseTableName(p);
    return kind === 'dropTable' ? { kind, table: name, ifExists } : { kind, view: name, ifExists };
  };
  switch (p.peek(1).type) {
    case 'K_KEYSPACE': {
      const ifExists = parseIfExists(skip(p, 2));
      return { kind: 'dropKeyspace', name: parseKeyspaceName(p), ifExists };
    }
    case 'K_COLUMNFAMILY':
      skip(p, 2);
      return simple('dropTable');
    case 'K_MATERIALIZED':
      skip(p, 2).expect('K_VIEW');
      return simple('dropView');
    case 'K_TYPE': {
      const ifExists = parseIfExists(skip(p, 2));
      return { kind: 'dropType', type: parseUserTypeName(p), ifExists };
    }
    case 'K_INDEX':
      return parseDropIndex(skip(p, 2));
    case 'K_TRIGGER':
      return parseDropTrigger(skip(p, 2));
    case 'K_FUNCTION':
      return parseDropFunction(skip(p, 2), 'dropFunction');
    case 'K_AGGREGATE':
      return parseDropFunction(skip(p, 2), 'dropAggregate');
    case 'K_ROLE':
      return parseDropRole(skip(p, 2), 'ROLE');
    case 'K_USER':
      return parseDropRole(skip(p, 2), 'USER');
    case 'K_IDENTITY':
      return parseDropIdentity(skip(p, 2));
    default:
      return p.noViable(1);
  }
}

type DescribeTarget = { what: DescribeStatement['what']; name: QualifiedName | null; full?: boolean; only?: boolean };

function parseDescribe(p: Cursor): DescribeStatement {
  p.next();
  const target = parseDescribeTarget(p);
  const internals = p.accept('K_WITH');
  if (internals) p.expect('K_INTERNALS');
  return { kind: 'describe', full: false, only: false, ...target, internals };
}

const describeLists: Readonly<Record<string, DescribeStatement['what']>> = {
  K_CLUSTER: 'cluster',
  K_SCHEMA: 'schema',
  K_KEYSPACES: 'keyspaces',
  K_TABLES: 'tables',
  K_TYPES: 'types',
  K_FUNCTIONS: 'functions',
  K_AGGREGATES: 'aggregates',
};

function parseDescribeTarget(p: Cursor): DescribeTarget {
  const list = describeLists[p.peek().type];
  if (list !== undefined && !p.is("'.'", 1)) {
    p.next();
    return { what: list, name: null };
  }
  if (p.acceptAll('K_FULL', 'K_SCHEMA')) return { what: 'schema', name: null, full: true };
  const only = p.is('K_ONLY') && p.is('K_KEYSPACE', 1) && p.accept('K_ONLY');
  if (p.accept('K_KEYSPACE')) {
    const name = p.isName() ? { keyspace: null, name: parseKeyspaceName(p) } : null;
    return { what: 'keyspace', name, only };
  }
  if (p.accept('K_COLUMNFAMILY')) return { what: 'table', name: parseTableName(p) };
  if (p.accept('K_INDEX')) return { what: 'index', name: parseTableName(p) };
  if (p.accept('K_MATERIALIZED')) {
    p.expect('K_VIEW');
    return { what: 'view', name: parseTableName(p) };
  }
  const named = !['EOF', "';'", "'.'", 'K_WITH'].includes(p.peek(1).type);
  if (named && p.accept('K_TYPE')) return { what: 'type', name: parseUserTypeName(p) };
  if (named && p.accept('K_FUNCTION')) return { what: 'function', name: parseFunctionName(p) };
  if (named && p.accept('K_AGGREGATE')) return { what: 'aggregate', name: parseFunctionName(p) };
  if (named && p.isName()) p.noViable(1);
  return { what: 'generic', name: parseTableName(p) };
}
