// What stands in a SELECT list and in GROUP BY.
import type { Selectable, Selector } from './ast.js';
import type { Cursor } from './cursor.js';
import {
  acceptConstant,
  acceptMarker,
  parseFunctionName,
  parseTerm,
  startsCall,
  startsNothing,
} from './term-parser.js';
import { parseNativeType, parseType, startsType } from './type-parser.js';

/** The list of selectors, null for `*`. */
export function parseSelectors(p: Cursor): Selector[] | null {
  if (p.accept("'*'")) return null;
  const selectors = [parseSelector(p)];
  while (p.accept("','")) selectors.push(parseSelector(p));
  return selectors;
}

/** What stands behind a selectable somewhere in the grammar, or at the end of a text. */
const followers = new Set(["')'", "']'", "'}'", "':'", "','", "';'", "'['", "'.'", "'('", 'K_FROM', 'K_AS', 'EOF']);
for (const type of ["'+'", "'-'", "'*'", "'/'", "'%'", 'K_ORDER', 'K_PER', 'K_LIMIT', 'K_ALLOW', 'K_USING'])
  followers.add(type);

/** A column is recognised by what follows it, so a stranger there has no alternative. @throws FerrosaError SYNTAX_ERROR */
function refuseStranger(p: Cursor, of: Selectable): void {
  if (followers.has(p.peek().type)) return;
  if (of.kind === 'column') p.noViableBehind();
  if (of.kind === 'field' && of.of.kind === 'column') p.noViableBehind(3);
}

function parseSelector(p: Cursor): Selector {
  const of = parseSelectable(p);
  return { of, alias: p.accept('K_AS') ? p.name() : null };
}

export function parseSelectable(p: Cursor): Selectable {
  return p.nested(() => {
    let left = parseProduct(p);
    while (p.is("'+'") || p.is("'-'")) {
      p.countOperator();
      const op = p.next().text as '+' | '-';
      left = { kind: 'arithmetic', op, left, right: parseProduct(p) };
    }
    return left;
  });
}

function parseProduct(p: Cursor): Selectable {
  let left = parseGroup(p);
  while (p.is("'*'") || p.is("'/'") || p.is("'%'")) {
    p.countOperator();
    const op = p.next().text as '*' | '/' | '%';
    left = { kind: 'arithmetic', op, left, right: parseGroup(p) };
  }
  return left;
}

function parseGroup(p: Cursor): Selectable {
  return p.nested(() => {
    if (p.accept("'-'")) return { kind: 'negate', of: parseGroup(p) };
    const receiver = parseWithoutModifier(p);
    const mark = p.mark();
    let of: Selectable;
    try {
      of = parseModifiers(p, receiver);
    } catch (error) {
      // What cannot be read does not belong there, and is told from its beginning: `m[..]` at the bracket.
      p.reset(mark);
      if (p.is("'.'") && receiver.kind === 'column' && !p.isName(1)) p.noViableBehind(1, 1);
      if (p.is("'['") || p.is("'.'")) return receiver;
      throw error;
    }
    refuseStranger(p, of);
    return of;
  });
}

/** Fields, elements and slices behind a selectable. */
function parseModifiers(p: Cursor, receiver: Selectable): Selectable {
  let of = receiver;
  for (;;) {
    if (p.accept("'.'")) of = { kind: 'field', of, field: p.name() };
    else if (p.accept("'['")) of = parseSubSelection(p, of);
    else return of;
  }
}

function parseSubSelection(p: Cursor, of: Selectable): Selectable {
  if (p.accept('RANGE')) {
    const to = parseTerm(p);
    p.expect("']'");
    return { kind: 'slice', of, from: null, to };
  }
  const from = parseTerm(p);
  if (p.accept('RANGE')) {
    const to = p.is("']'") ? null : parseTerm(p);
    p.expect("']'");
    return { kind: 'slice', of, from, to };
  }
  p.expect("']'");
  return { kind: 'element', of, index: from };
}

function parseWithoutModifier(p: Cursor): Selectable {
  const constant = acceptConstant(p) ?? acceptMarker(p);
  if (constant !== null) return { kind: 'term', term: constant };
  if (p.accept('K_NULL')) return { kind: 'term', term: { kind: 'null' } };
  const special = parseSpecialCall(p);
  if (special !== null) return special;
  if (startsCall(p) || p.is('K_TOKEN')) return parseCall(p);
  if (p.isName()) return { kind: 'column', name: p.name() };
  if (p.is("'('")) return parseHint(p) ?? parseParentheses(p);
  if (p.accept("'['")) {
    const elements = p.is("']'") || startsNothing.has(p.peek().type) ? [] : parseList(p);
    p.expect("']'");
    return { kind: 'list', elements };
  }
  if (p.is("'{'")) return parseBraces(p);
  return p.noViable();
}

/** count(*), writetime(c), ttl(c), cast(c as t): null when none of them stands here. */
function parseSpecialCall(p: Cursor): Selectable | null {
  if (!p.is("'('", 1)) return null;
  const { type } = p.peek();
  if (type === 'K_COUNT' && p.is("'*'", 2)) {
    p.next();
    p.next();
    p.next();
    p.expect("')'");
    return { kind: 'countRows' };
  }
  if (type === 'K_WRITETIME' || type === 'K_MAXWRITETIME' || type === 'K_TTL') {
    p.next();
    p.next();
    const of = parseModifiers(p, { kind: 'column', name: p.name() });
    if (!followers.has(p.peek().type)) p.noViable();
    p.expect("')'");
    return { kind: type === 'K_TTL' ? 'ttl' : type === 'K_WRITETIME' ? 'writetime' : 'maxwritetime', of };
  }
  if (type === 'K_CAST') {
    p.next();
    p.next();
    const of = parseSelectable(p);
    p.expect('K_AS');
    const name = parseNativeType(p);
    p.expect("')'");
    return { kind: 'cast', of, type: { kind: 'native', name } };
  }
  return null;
}

function parseCall(p: Cursor): Selectable {
  const name = parseFunctionName(p);
  p.expect("'('");
  const args = p.is("')'") ? [] : parseList(p);
  p.expect("')'");
  return { kind: 'call', function: name, args };
}

function parseList(p: Cursor): Selectable[] {
  const elements = [parseSelectable(p)];
  while (p.accept("','")) elements.push(parseSelectable(p));
  return elements;
}

/** `(type) selectable`, or null when the parenthesis groups or opens a tuple. */
function parseHint(p: Cursor): Selectable | null {
  const mark = p.mark();
  p.next();
  if (startsType(p) && !startsCall(p)) {
    try {
      const type = parseType(p);
      if (p.accept("')'") && startsOperand(p)) return { kind: 'hint', type, of: parseWithoutModifier(p) };
    } catch {
      // Not a type after all: what stands there is reported when it is read as a selectable.
    }
  }
  p.reset(mark);
  return null;
}

function startsOperand(p: Cursor): boolean {
  const { type } = p.peek();
  if (type === 'K_AS' || type === 'K_FROM') return false;
  const isFloat = /^K_(POSITIVE|NEGATIVE)_(NAN|INFINITY)$/.test(type);
  if (isFloat) return true;
  const constant = type !== 'EOF' && !type.startsWith("'") && !type.startsWith('K_') && type !== 'RANGE';
  return (
    constant || p.isName() || type === "'('" || type === "'['" || type === "'{'" || type === "':'" || type === 'K_NULL'
  );
}

function parseParentheses(p: Cursor): Selectable {
  p.next();
  const elements = parseList(p);
  p.expect("')'");
  // One element may be a group or a tuple of one field: what is expected there decides.
  return { kind: 'tuple', elements };
}

function parseBraces(p: Cursor): Selectable {
  p.next();
  if (p.accept("'}'")) return { kind: 'set', elements: [] };
  const first = parseSelectable(p);
  if (!p.is("':'")) {
    const elements = [first];
    while (p.accept("','")) elements.push(parseSelectable(p));
    if (elements.length === 1 && !p.is("'}'")) p.noViable();
    p.expect("'}'");
    return { kind: 'set', elements };
  }
  const entries: (readonly [Selectable, Selectable])[] = [];
  let key = first;
  for (;;) {
    p.expect("':'");
    entries.push([key, parseSelectable(p)]);
    if (!p.accept("','")) break;
    key = parseSelectable(p);
  }
  p.expect("'}'");
  // {a: 1, b: 2} may be a user type or a map from columns; the planner decides by the receiver.
  const fields = entries.flatMap(([k, v]) => (k.kind === 'column' ? [[k.name, v] as const] : []));
  return fields.length === entries.length ? { kind: 'udt', fields } : { kind: 'map', entries };
}
