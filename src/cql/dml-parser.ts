// SELECT, INSERT, UPDATE, DELETE, BATCH.
import { invalid } from '../common/errors.js';
import type {
  Assignment,
  BatchStatement,
  DeleteStatement,
  Deletion,
  InsertStatement,
  ModificationStatement,
  OrderBy,
  QualifiedName,
  SelectStatement,
  Term,
  UpdateStatement,
  Using,
} from './ast.js';
import type { Cursor } from './cursor.js';
import { parseIf, parseSelectWhere, parseWhere } from './relation-parser.js';
import { parseSelectable, parseSelectors } from './selector-parser.js';
import { acceptMarker, parseIntValue, parseTerm, startsCall } from './term-parser.js';

const noUsing: Using = { timestamp: null, ttl: null, timeoutMs: null };

/** `[keyspace.]name` of a table. */
export function parseTableName(p: Cursor): QualifiedName {
  if (p.is('QMARK')) {
    p.fail(`Bind variables cannot be used for ${p.is("'.'", 1) ? 'keyspace' : 'table'} names`);
  }
  const first = p.name();
  if (!p.accept("'.'")) {
    p.openWord();
    return { keyspace: null, name: first };
  }
  if (p.is('QMARK')) p.fail('Bind variables cannot be used for table names');
  return { keyspace: first, name: p.name() };
}

export function parseSelect(p: Cursor): SelectStatement {
  p.next();
  const { json, distinct, selectors } = parseSelectList(p);
  // Cassandra has looked behind a bracket that belongs to nothing.
  p.expect('K_FROM', p.is("'['") ? 2 : 0);
  const table = parseTableName(p);
  const where = p.accept('K_WHERE') ? parseSelectWhere(p) : [];
  const groupBy = parseClause(p, 'K_GROUP', parseSelectable);
  const orderBy = parseClause(p, 'K_ORDER', parseOrderBy);
  let perPartitionLimit: Term | null = null;
  if (p.accept('K_PER')) {
    p.expect('K_PARTITION');
    p.expect('K_LIMIT');
    perPartitionLimit = parseIntValue(p);
  }
  const limit = p.accept('K_LIMIT') ? parseIntValue(p) : null;
  const allowFiltering = p.accept('K_ALLOW');
  if (allowFiltering) p.expect('K_FILTERING');
  const using = p.is('K_USING') ? parseUsing(p, ['timeout']) : noUsing;
  return {
    kind: 'select',
    table,
    json,
    distinct,
    selectors,
    where,
    groupBy,
    orderBy,
    perPartitionLimit,
    limit,
    allowFiltering,
    using,
  };
}

type SelectList = Pick<SelectStatement, 'json' | 'distinct' | 'selectors'>;

function parseSelectList(p: Cursor): SelectList {
  const start = p.mark();
  // json and distinct are column names too: they are keywords only when a selector follows.
  const json = p.is('K_JSON') && startsSelector(p, 1) && p.accept('K_JSON');
  const distinct = p.is('K_DISTINCT') && startsSelector(p, 1) && p.accept('K_DISTINCT');
  try {
    return { json, distinct, selectors: parseSelectors(p) };
  } catch (error) {
    const isOfParser = /^line \S+ (no viable alternative at|mismatched) input/.test((error as Error).message);
    p.reset(start);
    if ((!json && !distinct) || !isOfParser || p.is("'-'", 1)) throw error;
    // Where no list can be read behind the word, Cassandra takes it for a column, behind which what follows cannot stand.
    p.next();
    if (p.is("'['")) p.mismatch('K_FROM', 2);
    return p.noViableBehind();
  }
}

function startsSelector(p: Cursor, ahead: number): boolean {
  const { type } = p.peek(ahead);
  const operators = ["','", "'+'", "'/'", "'%'", "'.'", "')'", 'K_FROM', 'K_AS', 'EOF'];
  if (type === "'('" && p.is("')'", ahead + 1)) p.noViable(ahead);
  return !operators.includes(type);
}

function parseClause<T>(p: Cursor, keyword: string, parse: (p: Cursor) => T): T[] {
  if (!p.accept(keyword)) return [];
  p.expect('K_BY');
  const parts = [parse(p)];
  while (p.accept("','")) parts.push(parse(p));
  return parts;
}

function parseOrderBy(p: Cursor): OrderBy {
  const column = p.columnName();
  if (p.accept('K_ANN')) {
    p.expect('K_OF');
    const vector = parseTerm(p);
    if (!p.accept('K_ASC') && p.is('K_DESC')) throw invalid('Descending ANN ordering is not supported');
    return { kind: 'ann', column, vector };
  }
  const descending = p.accept('K_DESC');
  if (!descending) p.accept('K_ASC');
  return { kind: 'column', column, descending };
}

type UsingKind = 'timestamp' | 'ttl' | 'timeout';

function parseUsing(p: Cursor, allowed: readonly UsingKind[]): Using {
  p.expect('K_USING');
  const using: { timestamp: Term | null; ttl: Term | null; timeoutMs: number | null } = { ...noUsing };
  do {
    if (allowed.includes('timestamp') && p.accept('K_TIMESTAMP')) using.timestamp = parseIntValue(p);
    else if (allowed.includes('ttl') && p.accept('K_TTL')) using.ttl = parseIntValue(p);
    else if (p.is('IDENT') && p.peek().text.toLowerCase() === 'timeout') using.timeoutMs = parseTimeout(p);
    else if (allowed.includes('timestamp') && !allowed.includes('ttl')) p.mismatch('K_TIMESTAMP');
    else p.noViable();
  } while (p.accept('K_AND'));
  return using;
}

const timeoutUnitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

function parseTimeout(p: Cursor): number {
  p.next();
  const text = p.expect('DURATION').text.toLowerCase();
  const match = /^(\d+)(ns|us|ms|s|m|h)$/.exec(text);
  if (match === null) p.fail(`Timeout must be a positive duration of hours or less, got ${text}`);
  return Number(match[1]) * (timeoutUnitsMs[match[2] as string] as number);
}

const modificationUsing: readonly UsingKind[] = ['timestamp', 'ttl', 'timeout'];

export function parseInsert(p: Cursor): InsertStatement {
  p.next();
  p.expect('K_INTO');
  const table = parseTableName(p);
  if (p.accept('K_JSON')) return parseInsertJson(p, table);
  if (!p.is("'('")) p.noViable();
  p.next();
  const columns = [p.columnName()];
  while (p.accept("','")) columns.push(p.columnName());
  p.expect("')'");
  p.expect('K_VALUES');
  p.expect("'('");
  const values = [parseTerm(p)];
  while (p.accept("','")) values.push(parseTerm(p));
  p.expect("')'");
  return { kind: 'insert', table, columns, values, json: null, ...parseInsertTail(p) };
}

function parseInsertTail(p: Cursor): { ifNotExists: boolean; using: Using } {
  const ifNotExists = p.accept('K_IF');
  if (ifNotExists) {
    p.expect('K_NOT');
    p.expect('K_EXISTS');
  }
  return { ifNotExists, using: p.is('K_USING') ? parseUsing(p, modificationUsing) : noUsing };
}

function parseInsertJson(p: Cursor, table: QualifiedName): InsertStatement {
  const value: Term = p.is('STRING_LITERAL')
    ? { kind: 'literal', literal: 'string', text: p.next().text }
    : (acceptMarker(p) ?? p.noViable());
  let defaultUnset = false;
  if (p.accept('K_DEFAULT')) {
    defaultUnset = p.accept('K_UNSET');
    if (!defaultUnset && !p.accept('K_NULL')) p.noViable();
  }
  return { kind: 'insert', table, columns: [], values: [], json: { value, defaultUnset }, ...parseInsertTail(p) };
}

export function parseUpdate(p: Cursor): UpdateStatement {
  p.next();
  const table = parseTableName(p);
  const using = p.is('K_USING') ? parseUsing(p, modificationUsing) : noUsing;
  p.expect('K_SET');
  const assignments = [parseAssignment(p)];
  while (p.accept("','")) assignments.push(parseAssignment(p));
  checkAssignments(p, assignments);
  p.expect('K_WHERE');
  const where = parseWhere(p);
  return { kind: 'update', table, assignments, where, using, ...parseIf(p) };
}

/** A column that is set as a whole is set once, and so is a field; other changes of one column may stand together. */
function checkAssignments(p: Cursor, assignments: readonly Assignment[]): void {
  const before = new Map<string, Set<string>>();
  for (const assignment of assignments) {
    const { column, kind } = assignment;
    const known = before.get(column) ?? new Set();
    const what = kind === 'field' ? `field ${assignment.field}` : kind;
    const repeated = kind === 'field' && known.has(what);
    if (known.has('set') || (kind === 'set' && known.size > 0) || repeated) {
      p.fail(`Multiple incompatible setting of column ${column}`);
    }
    before.set(column, known.add(what));
  }
}

function parseAssignment(p: Cursor): Assignment {
  const column = p.columnName();
  if (p.accept("'['")) {
    const key = parseTerm(p);
    p.expect("']'");
    p.expect("'='");
    return { kind: 'element', column, key, value: parseTerm(p) };
  }
  if (p.accept("'.'")) {
    const field = p.name();
    p.expect("'='");
    return { kind: 'field', column, field, value: parseTerm(p) };
  }
  if (p.accept("'+='")) return { kind: 'add', column, value: parseTerm(p) };
  if (p.accept("'-='")) return { kind: 'subtract', column, value: parseTerm(p) };
  if (!p.accept("'='")) p.noViable();
  const fromColumn = (p.isName() || p.is('EMPTY_QUOTED_NAME')) && !startsCall(p);
  return fromColumn ? parseColumnExpression(p, column) : parseValueExpression(p, column);
}

/** c = c + v, c = c - v, c = c -3. */
function parseColumnExpression(p: Cursor, column: string): Assignment {
  if (!p.is("'+'", 1) && !p.is("'-'", 1) && !p.is('INTEGER', 1)) p.noViable(1);
  const source = p.columnName();
  if (p.is('INTEGER')) {
    const { text } = p.next();
    const sign = text.startsWith('-') ? '-' : '+';
    if (source !== column) p.fail(`Only expressions of the form X = X ${sign} <value> are supported.`);
    return { kind: 'add', column, value: { kind: 'literal', literal: 'integer', text } };
  }
  const op = p.next().text;
  const value = parseTerm(p);
  if (source !== column) p.fail(`Only expressions of the form X = X ${op}<value> are supported.`);
  return { kind: op === '+' ? 'add' : 'subtract', column, value };
}

/** c = v, c = v + c. */
function parseValueExpression(p: Cursor, column: string): Assignment {
  const value = parseTerm(p);
  if (!p.accept("'+'")) return { kind: 'set', column, value };
  if (p.columnName() !== column) p.fail('Only expressions of the form X = <value> + X are supported.');
  return { kind: 'prepend', column, value };
}

export function parseDelete(p: Cursor): DeleteStatement {
  p.next();
  const deletions: Deletion[] = [];
  if (p.isName() || p.is('EMPTY_QUOTED_NAME')) {
    do deletions.push(parseDeletion(p));
    while (p.accept("','"));
  }
  p.expect('K_FROM');
  const table = parseTableName(p);
  const using = p.is('K_USING') ? parseUsing(p, ['timestamp', 'timeout']) : noUsing;
  p.expect('K_WHERE');
  const where = parseWhere(p);
  return { kind: 'delete', table, deletions, where, using, ...parseIf(p) };
}

function parseDeletion(p: Cursor): Deletion {
  const follows = ["','", "'['", "'.'", 'K_FROM'];
  if ((p.isName() || p.is('EMPTY_QUOTED_NAME')) && !follows.includes(p.peek(1).type)) p.noViable(1);
  const column = p.columnName();
  if (p.accept("'['")) {
    const key = parseTerm(p);
    p.expect("']'");
    return { kind: 'element', column, key };
  }
  if (p.accept("'.'")) return { kind: 'field', column, field: p.name() };
  return { kind: 'column', column };
}

export function parseBatch(p: Cursor): BatchStatement {
  p.next();
  const type = p.accept('K_UNLOGGED') ? 'unlogged' : p.accept('K_COUNTER') ? 'counter' : 'logged';
  p.expect('K_BATCH');
  const using = p.is('K_USING') ? parseUsing(p, modificationUsing) : noUsing;
  const statements: ModificationStatement[] = [];
  for (;;) {
    const statement = acceptModification(p);
    if (statement === null) break;
    statements.push(statement);
    p.accept("';'");
  }
  p.expect('K_APPLY');
  p.expect('K_BATCH');
  return { kind: 'batch', type, statements, using };
}

/** INSERT, UPDATE or DELETE, or null when none of them stands here. */
export function acceptModification(p: Cursor): ModificationStatement | null {
  if (p.is('K_INSERT')) return parseInsert(p);
  if (p.is('K_UPDATE')) return parseUpdate(p);
  if (p.is('K_DELETE')) return parseDelete(p);
  return null;
}
