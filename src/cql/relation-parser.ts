// WHERE and IF: relations and conditions.
import type { ComparisonOperator, Condition, Relation, Term } from './ast.js';
import { Cursor } from './cursor.js';
import { acceptMarker, parseTerm, parseTuple } from './term-parser.js';

const comparisons: Readonly<Record<string, ComparisonOperator>> = {
  "'='": '=',
  "'<'": '<',
  "'<='": '<=',
  "'>'": '>',
  "'>='": '>=',
  "'!='": '!=',
};

/** The relations behind WHERE. */
export function parseWhere(p: Cursor): Relation[] {
  const relations = [...parseRelation(p, parseOne)];
  while (p.accept('K_AND')) relations.push(...parseRelation(p, parseOne));
  return relations;
}

/** The relations of a text that a schema keeps. @throws FerrosaError SYNTAX_ERROR */
export function parseWhereText(text: string): Relation[] {
  const p = new Cursor(text);
  const relations = parseWhere(p);
  p.expect('EOF');
  return relations;
}

const parseOne = (p: Cursor): readonly Relation[] => parseRelation(p, parseOne);

/** The same of a SELECT, which may have OR: it binds weaker than AND. */
export function parseSelectWhere(p: Cursor): readonly Relation[] {
  const branches = [parseConjunction(p)];
  while (p.accept('K_OR')) branches.push(parseConjunction(p));
  return branches.length === 1 ? branches[0]! : [{ kind: 'any', op: 'OR', branches }];
}

function parseConjunction(p: Cursor): Relation[] {
  const relations = [...parseRelation(p, parseSelectWhere)];
  while (p.accept('K_AND')) relations.push(...parseRelation(p, parseSelectWhere));
  return relations;
}

/** @param inner  what may stand in parentheses */
function parseRelation(p: Cursor, inner: (p: Cursor) => readonly Relation[]): readonly Relation[] {
  if (p.is("'expr('")) p.fail('Custom index expressions (expr) are not supported');
  if (p.is('K_TOKEN')) return [parseTokenRelation(p)];
  if (p.is("'('")) return startsTuple(p) ? [parseTupleRelation(p)] : parseParentheses(p, inner);
  if (startsMatch(p)) return [parseMatch(p)];
  return [parseColumnRelation(p)];
}

function parseParentheses(p: Cursor, inner: (p: Cursor) => readonly Relation[]): readonly Relation[] {
  return p.nested(() => {
    p.next();
    const relations = inner(p);
    p.expect("')'");
    return relations;
  });
}

/** The name is no keyword: a column may be called so. */
const isWord = (p: Cursor, word: string, ahead: number): boolean =>
  p.is('IDENT', ahead) && p.peek(ahead).text.toLowerCase() === word;

const startsMatch = (p: Cursor, ahead = 0): boolean => isWord(p, 'fts_match', ahead) && p.is("'('", ahead + 1);

/** `fts_match(column, query)`, the same as `column = fts_match(query)`. */
function parseMatch(p: Cursor): Relation {
  p.next();
  p.next();
  const column = p.columnName();
  p.expect("','");
  const query = parseTerm(p);
  p.expect("')'");
  return { kind: 'column', column, op: 'MATCHES', values: [query], inMarker: false };
}

/** What follows `column =` where that is fts_match. */
function parseMatchValue(p: Cursor): Term {
  p.next();
  p.next();
  const query = parseTerm(p);
  p.expect("')'");
  return query;
}

/** `(a` is followed by `,` or `)` in a tuple of columns. */
function startsTuple(p: Cursor): boolean {
  return (p.isName(1) || p.is('EMPTY_QUOTED_NAME', 1)) && (p.is("','", 2) || p.is("')'", 2));
}

function acceptComparison(p: Cursor): ComparisonOperator | null {
  const op = comparisons[p.peek().type];
  if (op === undefined) return null;
  p.next();
  return op;
}

/** IN, CONTAINS [KEY]: null when neither. */
function acceptWordOperator(p: Cursor): ComparisonOperator | null {
  if (p.accept('K_IN')) return 'IN';
  if (!p.accept('K_CONTAINS')) return null;
  return p.accept('K_KEY') ? 'CONTAINS KEY' : 'CONTAINS';
}

const isNegation = (p: Cursor, ahead = 0): boolean =>
  p.is('K_NOT', ahead) && (p.is('K_IN', ahead + 1) || p.is('K_CONTAINS', ahead + 1));

/** NOT IN, NOT CONTAINS [KEY], which Cassandra has after 5.0: null when none. */
function acceptNegation(p: Cursor): 'NOT IN' | 'NOT CONTAINS' | 'NOT CONTAINS KEY' | null {
  if (!isNegation(p)) return null;
  p.next();
  return `NOT ${acceptWordOperator(p) as 'IN' | 'CONTAINS' | 'CONTAINS KEY'}`;
}

/** `a AND b` behind BETWEEN, which Cassandra has after 5.0. */
function parseBetween(p: Cursor, parse: () => Term): Term[] {
  const first = parse();
  p.expect('K_AND');
  return [first, parse()];
}

type Values = { readonly values: readonly Term[]; readonly inMarker: boolean };

/** What follows IN: `(a, b)` or one marker for the whole list. */
function parseInValues(p: Cursor, failAhead = 0): Values {
  const marker = acceptMarker(p);
  if (marker !== null) return { values: [marker], inMarker: true };
  if (!p.is("'('")) p.noViable(failAhead);
  p.next();
  const values: Term[] = [];
  if (!p.accept("')'")) {
    values.push(parseTerm(p));
    while (p.accept("','")) values.push(parseTerm(p));
    p.expect("')'");
  }
  return { values, inMarker: false };
}

function parseColumnRelation(p: Cursor): Relation {
  if (!p.isName() && !p.is('EMPTY_QUOTED_NAME')) p.noViable();
  if (!startsOperator(p, 1)) p.noViable(1);
  const column = p.columnName();
  if (p.accept("'['")) {
    const key = parseTerm(p);
    p.expect("']'");
    const op = acceptComparison(p) ?? p.noViable();
    return { kind: 'element', column, key, op, values: [parseTerm(p)] };
  }
  const comparison = acceptComparison(p);
  if (comparison === '=' && startsMatch(p))
    return { kind: 'column', column, op: 'MATCHES', values: [parseMatchValue(p)], inMarker: false };
  if (comparison !== null) return { kind: 'column', column, op: comparison, values: [parseTerm(p)], inMarker: false };
  if (startsSounds(p)) {
    p.next();
    p.next();
    return { kind: 'column', column, op: 'SOUNDS LIKE', values: [parseTerm(p)], inMarker: false };
  }
  if (p.accept('K_LIKE')) return { kind: 'column', column, op: 'LIKE', values: [parseTerm(p)], inMarker: false };
  if (p.accept('K_IS')) {
    p.expect('K_NOT');
    p.expect('K_NULL');
    return { kind: 'column', column, op: 'IS NOT', values: [{ kind: 'null' }], inMarker: false };
  }
  if (p.accept('K_BETWEEN'))
    return { kind: 'column', column, op: 'BETWEEN', values: parseBetween(p, () => parseTerm(p)), inMarker: false };
  const op = acceptNegation(p) ?? acceptWordOperator(p) ?? p.noViable();
  if (op === 'IN' || op === 'NOT IN') return { kind: 'column', column, op, ...parseInValues(p) };
  return { kind: 'column', column, op, values: [parseTerm(p)], inMarker: false };
}

const startsSounds = (p: Cursor, ahead = 0): boolean => isWord(p, 'sounds', ahead) && p.is('K_LIKE', ahead + 1);

function startsOperator(p: Cursor, ahead: number): boolean {
  const { type } = p.peek(ahead);
  const words = ['K_IN', 'K_CONTAINS', 'K_LIKE', 'K_IS', 'K_BETWEEN', "'['"];
  if (isNegation(p, ahead) || startsSounds(p, ahead)) return true;
  return comparisons[type] !== undefined || words.includes(type);
}

function parseColumns(p: Cursor): string[] {
  p.expect("'('");
  const columns = [p.columnName()];
  while (p.accept("','")) columns.push(p.columnName());
  p.expect("')'");
  return columns;
}

function parseTokenRelation(p: Cursor): Relation {
  p.next();
  const columns = parseColumns(p);
  if (p.accept('K_BETWEEN'))
    return { kind: 'token', columns, op: 'BETWEEN', values: parseBetween(p, () => parseTerm(p)) };
  const op = acceptComparison(p) ?? p.noViable();
  return { kind: 'token', columns, op, values: [parseTerm(p)] };
}

function parseTupleValue(p: Cursor): Term {
  return acceptMarker(p) ?? (p.is("'('") ? parseTuple(p) : p.noViable());
}

function parseTupleRelation(p: Cursor): Relation {
  const columns = parseColumns(p);
  const comparison = acceptComparison(p);
  if (comparison !== null) {
    return { kind: 'tuple', columns, op: comparison, values: [parseTupleValue(p)], inMarker: false };
  }
  if (p.accept('K_BETWEEN')) {
    const values = parseBetween(p, () => parseTupleValue(p));
    return { kind: 'tuple', columns, op: 'BETWEEN', values, inMarker: false };
  }
  const op = 'IN';
  if (!p.accept('K_IN')) return p.noViable();
  const marker = acceptMarker(p);
  if (marker !== null) return { kind: 'tuple', columns, op, values: [marker], inMarker: true };
  p.expect("'('");
  const values: Term[] = [];
  if (!p.accept("')'")) {
    values.push(parseTupleValue(p));
    while (p.accept("','")) values.push(parseTupleValue(p));
    p.expect("')'");
  }
  return { kind: 'tuple', columns, op, values, inMarker: false };
}

/** `IF EXISTS`, `IF a = 1 AND ...`, or nothing. */
export function parseIf(p: Cursor): { ifExists: boolean; conditions: Condition[] } {
  if (!p.accept('K_IF')) return { ifExists: false, conditions: [] };
  if (p.is('K_EXISTS') && !startsOperator(p, 1) && !p.is("'.'", 1)) {
    p.next();
    p.openWord(); // a column may be called so
    return { ifExists: true, conditions: [] };
  }
  const conditions = [parseCondition(p)];
  while (p.accept('K_AND')) conditions.push(parseCondition(p));
  return { ifExists: false, conditions };
}

function parseCondition(p: Cursor): Condition {
  const column = p.columnName();
  let element: Term | null = null;
  let field: string | null = null;
  if (p.accept("'['")) {
    element = parseTerm(p);
    p.expect("']'");
  } else if (p.accept("'.'")) {
    field = p.name();
  }
  const comparison = acceptComparison(p);
  if (comparison !== null) return { column, element, field, op: comparison, values: [parseTerm(p)], inMarker: false };
  const op = acceptWordOperator(p) ?? p.noViable();
  if (op === 'IN' || op === 'NOT IN') return { column, element, field, op, ...parseInValues(p) };
  return { column, element, field, op, values: [parseTerm(p)], inMarker: false };
}
