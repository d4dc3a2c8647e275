// CREATE, ALTER and DROP of keyspaces, tables, types, indexes, views and triggers; TRUNCATE.
import type {
  AlterTableChange,
  AlterTypeChange,
  ColumnNode,
  DdlStatement,
  MaskNode,
  Options,
  OptionValue,
  QualifiedName,
  Term,
} from './ast.js';
import type { Cursor } from './cursor.js';
import { parseTableName } from './dml-parser.js';
import { nativeTypeTokens, unreservedTokens } from './keywords.js';
import { parseWhere } from './relation-parser.js';
import { parseSelectors } from './selector-parser.js';
import { acceptConstant, parseFunctionName, parseMapLiteral, parseTerm } from './term-parser.js';
import { termText } from './text.js';
import { parseType } from './type-parser.js';

/** IF NOT EXISTS, or nothing. */
export function parseIfNotExists(p: Cursor): boolean {
  if (!p.accept('K_IF')) return false;
  p.expect('K_NOT');
  p.expect('K_EXISTS');
  return true;
}

/** IF EXISTS, or nothing. */
export function parseIfExists(p: Cursor): boolean {
  if (!p.accept('K_IF')) return false;
  p.expect('K_EXISTS');
  return true;
}

/** a, b, c in parentheses. */
function inParentheses<T>(p: Cursor, parse: () => T): T[] {
  p.expect("'('");
  const items = [parse()];
  while (p.accept("','")) items.push(parse());
  p.expect("')'");
  return items;
}

export function parseKeyspaceName(p: Cursor): string {
  if (p.is('QMARK')) p.fail('Bind variables cannot be used for keyspace names');
  return p.name();
}

/** The options behind WITH, joined by AND. */
export function parseOptions(p: Cursor): Options {
  const options: Record<string, OptionValue> = {};
  do parseOption(p, options);
  while (p.accept('K_AND'));
  return options;
}

function parseOption(p: Cursor, options: Record<string, OptionValue>): void {
  if (!p.isName()) p.noViable();
  if (!p.is("'='", 1)) p.noViable(1);
  if (p.is('EOF', 2)) p.noViable(2);
  const name = p.name();
  p.next();
  const value = p.is("'{'") ? optionMap(p, parseMapLiteral(p)) : parseOptionConstant(p);
  if (Object.hasOwn(options, name)) p.fail(`Multiple definitions for property '${name}'`);
  setOption(options, name, value);
}

/** Also a name that an object knows, such as `__proto__`, is one to be refused by who reads the options. */
function setOption<T>(options: Record<string, T>, name: string, value: T): void {
  Object.defineProperty(options, name, { value, enumerable: true, writable: true, configurable: true });
}

function parseOptionConstant(p: Cursor): string {
  const constant = acceptConstant(p);
  if (constant !== null) return constant.text;
  if (!unreservedTokens.has(p.peek().type)) p.noViable();
  return p.next().text;
}

/** A map literal of constants as texts. @throws FerrosaError SYNTAX_ERROR for anything else in it */
export function optionMap(p: Cursor, map: Term & { kind: 'map' }): { readonly [key: string]: string } {
  const texts: Record<string, string> = {};
  for (const [key, value] of map.entries) {
    if (key.kind !== 'literal') p.fail(`Invalid property name: ${termText(key)}${bindHint(key)}`);
    if (value.kind !== 'literal') {
      p.fail(`Invalid property value: ${termText(value)} for property: ${termText(key)}${bindHint(value)}`);
    }
    if (Object.hasOwn(texts, key.text)) p.fail(`Multiple definition for property ${key.text}`);
    setOption(texts, key.text, value.text);
  }
  return texts;
}

function bindHint(term: Term): string {
  return term.kind === 'marker' ? ' (bind variables are not supported in DDL queries)' : '';
}

export function parseCreateKeyspace(p: Cursor): DdlStatement {
  const ifNotExists = parseIfNotExists(p);
  const name = parseKeyspaceName(p);
  p.expect('K_WITH');
  return { kind: 'createKeyspace', name, ifNotExists, options: parseOptions(p) };
}

export function parseAlterKeyspace(p: Cursor): DdlStatement {
  const ifExists = parseIfExists(p);
  const name = parseKeyspaceName(p);
  p.expect('K_WITH');
  return { kind: 'alterKeyspace', name, ifExists, options: parseOptions(p) };
}

export function parseCreateTable(p: Cursor): DdlStatement {
  const ifNotExists = parseIfNotExists(p);
  const table = parseTableName(p);
  if (p.accept('K_LIKE')) {
    const like = parseTableName(p);
    return { kind: 'createTableLike', table, like, ifNotExists, ...parseCopyOptions(p) };
  }
  const columns: ColumnNode[] = [];
  const key = { partition: [] as string[], clustering: [] as string[], count: 0 };
  p.expect("'('");
  parseTableColumn(p, columns, key);
  // Cassandra's grammar lets a column be missing between commas, and clients make use of it.
  while (p.accept("','")) if (p.isName() || p.is('K_PRIMARY')) parseTableColumn(p, columns, key);
  p.expect("')'");
  const properties = parseTableProperties(p);
  return {
    kind: 'createTable',
    table,
    ifNotExists,
    columns,
    partitionKey: key.partition,
    clustering: key.clustering,
    primaryKeyCount: key.count,
    ...properties,
  };
}

/** INDEXES and options of the table. It is no keyword: an option may be called so. */
function parseCopyOptions(p: Cursor): { withIndexes: boolean; options: Options } {
  const options: Record<string, OptionValue> = {};
  let withIndexes = false;
  if (!p.accept('K_WITH')) return { withIndexes, options };
  do {
    const isIndexes = p.is('IDENT') && p.peek().text.toLowerCase() === 'indexes' && !p.is("'='", 1);
    if (isIndexes) p.next();
    else parseOption(p, options);
    withIndexes ||= isIndexes;
  } while (p.accept('K_AND'));
  return { withIndexes, options };
}

type PrimaryKey = { partition: string[]; clustering: string[]; count: number };

function parseTableColumn(p: Cursor, columns: ColumnNode[], key: PrimaryKey): void {
  if (p.is('K_PRIMARY')) {
    const { partition, clustering } = parsePrimaryKey(p);
    key.partition = partition;
    key.clustering = clustering;
    key.count++;
    return;
  }
  const column = parseColumn(p);
  columns.push(column);
  if (!p.accept('K_PRIMARY')) return;
  p.expect('K_KEY');
  key.partition = [column.name];
  key.count++;
}

/** PRIMARY KEY ((a, b), c, d). */
function parsePrimaryKey(p: Cursor): { partition: string[]; clustering: string[] } {
  p.expect('K_PRIMARY');
  p.expect('K_KEY');
  p.expect("'('");
  const partition = p.is("'('") ? inParentheses(p, () => p.name()) : [p.name()];
  const clustering: string[] = [];
  while (p.accept("','")) clustering.push(p.name());
  p.expect("')'");
  return { partition, clustering };
}

function parseColumn(p: Cursor): ColumnNode {
  const name = p.name();
  const type = parseType(p);
  const isStatic = p.accept('K_STATIC');
  return { name, type, isStatic, mask: acceptMask(p) };
}

/** MASKED WITH f(a, b) or MASKED WITH DEFAULT, or null when it does not stand here. */
function acceptMask(p: Cursor): MaskNode | null {
  if (!p.accept('K_MASKED')) return null;
  p.expect('K_WITH');
  if (p.is('K_DEFAULT') && !p.is("'('", 1)) {
    p.next();
    return { function: { keyspace: 'system', name: 'mask_default' }, args: [] };
  }
  const name = parseFunctionName(p);
  p.expect("'('");
  const args: Term[] = [];
  if (!p.accept("')'")) {
    args.push(parseTerm(p));
    while (p.accept("','")) args.push(parseTerm(p));
    p.expect("')'");
  }
  return { function: name, args };
}

type TableProperties = {
  readonly clusteringOrder: readonly (readonly [string, 'asc' | 'desc'])[];
  readonly compactStorage: boolean;
  readonly options: Options;
};

function parseTableProperties(p: Cursor): TableProperties {
  const clusteringOrder: (readonly [string, 'asc' | 'desc'])[] = [];
  const options: Record<string, OptionValue> = {};
  let compactStorage = false;
  if (!p.accept('K_WITH')) return { clusteringOrder, compactStorage, options };
  do {
    if (p.acceptAll('K_COMPACT', 'K_STORAGE')) compactStorage = true;
    else if (p.acceptAll('K_CLUSTERING', 'K_ORDER')) {
      p.expect('K_BY');
      clusteringOrder.push(...inParentheses(p, () => [p.name(), parseDirection(p)] as const));
    } else parseOption(p, options);
  } while (p.accept('K_AND'));
  return { clusteringOrder, compactStorage, options };
}

function parseDirection(p: Cursor): 'asc' | 'desc' {
  if (p.accept('K_ASC')) return 'asc';
  if (p.accept('K_DESC')) return 'desc';
  return p.noViable();
}

export function parseAlterTable(p: Cursor): DdlStatement {
  const ifExists = parseIfExists(p);
  const table = parseTableName(p);
  return { kind: 'alterTable', table, ifExists, change: parseAlterTableChange(p) };
}

function parseAlterTableChange(p: Cursor): AlterTableChange {
  if (p.accept('K_ALTER')) return parseAlterColumn(p);
  if (p.accept('K_ADD')) {
    const ifNotExists = parseIfNotExists(p);
    const columns = p.is("'('") ? inParentheses(p, () => parseColumn(p)) : [parseColumn(p)];
    return { kind: 'add', columns, ifNotExists };
  }
  if (p.accept('K_DROP')) {
    if (p.acceptAll('K_COMPACT', 'K_STORAGE')) return { kind: 'dropCompactStorage' };
    if (!p.isName() && !p.is("'('") && !p.is('K_IF')) p.noViableBehind();
    const ifExists = parseIfExists(p);
    const columns = p.is("'('") ? inParentheses(p, () => p.name()) : [p.name()];
    if (!p.accept('K_USING')) return { kind: 'drop', columns, ifExists, timestamp: null };
    p.expect('K_TIMESTAMP');
    return { kind: 'drop', columns, ifExists, timestamp: BigInt(p.expect('INTEGER').text) };
  }
  if (p.accept('K_RENAME')) return { kind: 'rename', ...parseRenames(p) };
  if (p.accept('K_WITH')) return { kind: 'with', options: parseOptions(p) };
  return p.noViable();
}

function parseAlterColumn(p: Cursor): AlterTableChange {
  const ifExists = parseIfExists(p);
  const column = p.columnName();
  if (!ifExists && p.accept('K_TYPE')) return { kind: 'alterType', column, type: parseType(p), ifExists };
  if (p.accept('K_DROP')) {
    p.expect('K_MASKED');
    return { kind: 'mask', column, mask: null, ifExists };
  }
  const mask = acceptMask(p) ?? p.noViable();
  return { kind: 'mask', column, mask, ifExists };
}

function parseRenames(p: Cursor): { renames: (readonly [string, string])[]; ifExists: boolean } {
  const ifExists = parseIfExists(p);
  const renames: (readonly [string, string])[] = [];
  do {
    const from = p.name();
    p.expect('K_TO');
    renames.push([from, p.name()]);
  } while (p.accept('K_AND'));
  return { renames, ifExists };
}

/** `[keyspace.]name` of a user type. */
export function parseUserTypeName(p: Cursor): QualifiedName {
  // A native type's name can only be that of a keyspace here.
  if (!p.is("'.'", 1) && !nativeTypeTokens.has(p.peek().type)) return { keyspace: null, name: p.userTypeName() };
  const keyspace = p.name();
  p.expect("'.'");
  return { keyspace, name: p.userTypeName() };
}

export function parseCreateType(p: Cursor): DdlStatement {
  const ifNotExists = parseIfNotExists(p);
  const type = parseUserTypeName(p);
  const fields: (readonly [string, ReturnType<typeof parseType>])[] = [];
  p.expect("'('");
  fields.push([p.name(), parseType(p)]);
  while (p.accept("','")) if (p.isName()) fields.push([p.name(), parseType(p)]);
  p.expect("')'");
  return { kind: 'createType', type, ifNotExists, fields };
}

export function parseAlterType(p: Cursor): DdlStatement {
  const ifExists = parseIfExists(p);
  const type = parseUserTypeName(p);
  return { kind: 'alterType', type, ifExists, change: parseAlterTypeChange(p) };
}

function parseAlterTypeChange(p: Cursor): AlterTypeChange {
  if (p.accept('K_ALTER')) {
    const field = p.name();
    p.expect('K_TYPE');
    return { kind: 'alter', field, type: parseType(p) };
  }
  if (p.accept('K_ADD')) {
    const ifNotExists = parseIfNotExists(p);
    return { kind: 'add', field: p.name(), type: parseType(p), ifNotExists };
  }
  if (p.accept('K_RENAME')) return { kind: 'rename', ...parseRenames(p) };
  return p.noViable();
}

/** `[keyspace.]name` of an index. */
function parseIndexName(p: Cursor): QualifiedName {
  if (p.is('QMARK')) p.fail('Bind variables cannot be used for index names');
  const first = p.name();
  return p.accept("'.'") ? { keyspace: first, name: p.name() } : { keyspace: null, name: first };
}

export function parseCreateIndex(p: Cursor, custom: boolean): DdlStatement {
  const ifNotExists = parseIfNotExists(p);
  if (p.is('QMARK')) p.fail('Bind variables cannot be used for index names');
  const name = p.isName() ? p.name() : null;
  p.expect('K_ON');
  const table = parseTableName(p);
  p.expect("'('");
  const targets: { column: string; kind: 'values' | 'keys' | 'entries' | 'full' | 'simple' }[] = [];
  if (!p.is("')'")) {
    do targets.push(parseIndexTarget(p));
    while (p.accept("','"));
  }
  p.expect("')'");
  const using = p.accept('K_USING') ? p.expect('STRING_LITERAL').text : null;
  const options = p.accept('K_WITH') ? parseOptions(p) : {};
  const where = p.accept('K_WHERE') ? parseWhere(p) : [];
  return { kind: 'createIndex', name, table, ifNotExists, custom, targets, using, options, where };
}

const targetKinds = { K_VALUES: 'values', K_KEYS: 'keys', K_ENTRIES: 'entries', K_FULL: 'full' } as const;

function parseIndexTarget(p: Cursor): { column: string; kind: 'values' | 'keys' | 'entries' | 'full' | 'simple' } {
  const kind = targetKinds[p.peek().type as keyof typeof targetKinds];
  if (kind === undefined || !p.is("'('", 1)) return { column: p.columnName(), kind: 'simple' };
  p.next();
  p.next();
  const column = p.columnName();
  p.expect("')'");
  return { column, kind };
}

export function parseCreateView(p: Cursor): DdlStatement {
  p.expect('K_VIEW');
  const ifNotExists = parseIfNotExists(p);
  const view = parseTableName(p);
  p.expect('K_AS');
  p.expect('K_SELECT');
  const selectors = parseSelectors(p);
  p.expect('K_FROM');
  const base = parseTableName(p);
  const where = p.accept('K_WHERE') ? parseWhere(p) : [];
  const { partition, clustering } = parsePrimaryKey(p);
  const { clusteringOrder, compactStorage, options } = parseTableProperties(p);
  if (compactStorage) p.fail('COMPACT STORAGE tables are not allowed starting with version 4.0');
  return {
    kind: 'createView',
    view,
    base,
    ifNotExists,
    selectors,
    where,
    partitionKey: partition,
    clustering,
    clusteringOrder,
    options,
  };
}

export function parseAlterView(p: Cursor): DdlStatement {
  p.expect('K_VIEW');
  const ifExists = parseIfExists(p);
  const view = parseTableName(p);
  p.settleWord();
  p.expect('K_WITH');
  return { kind: 'alterView', view, ifExists, options: parseOptions(p) };
}

export function parseCreateTrigger(p: Cursor): DdlStatement {
  const ifNotExists = parseIfNotExists(p);
  const name = p.name();
  p.expect('K_ON');
  const table = parseTableName(p);
  p.expect('K_USING');
  return { kind: 'createTrigger', name, table, using: p.expect('STRING_LITERAL').text, ifNotExists };
}

export function parseDropTrigger(p: Cursor): DdlStatement {
  const ifExists = parseIfExists(p);
  const name = p.name();
  p.expect('K_ON');
  return { kind: 'dropTrigger', name, table: parseTableName(p), ifExists };
}

export function parseDropIndex(p: Cursor): DdlStatement {
  const ifExists = parseIfExists(p);
  return { kind: 'dropIndex', index: parseIndexName(p), ifExists };
}

export function parseTruncate(p: Cursor): DdlStatement {
  p.accept('K_COLUMNFAMILY');
  return { kind: 'truncate', table: parseTableName(p) };
}
