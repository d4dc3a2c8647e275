// Terms: values, bind markers, function calls, arithmetic.
import type { LiteralKind, QualifiedName, Term } from './ast.js';
import type { Cursor } from './cursor.js';
import { nativeTypeTokens } from './keywords.js';
import { parseNativeType, parseType, startsType } from './type-parser.js';

const literalKinds: Readonly<Record<string, LiteralKind>> = {
  STRING_LITERAL: 'string',
  INTEGER: 'integer',
  FLOAT: 'float',
  BOOLEAN: 'boolean',
  DURATION: 'duration',
  UUID: 'uuid',
  HEXNUMBER: 'hex',
  K_POSITIVE_NAN: 'float',
  K_NEGATIVE_NAN: 'float',
  K_POSITIVE_INFINITY: 'float',
  K_NEGATIVE_INFINITY: 'float',
};
const specialFloats: Readonly<Record<string, string>> = {
  K_POSITIVE_NAN: 'NaN',
  K_NEGATIVE_NAN: 'NaN',
  K_POSITIVE_INFINITY: 'Infinity',
  K_NEGATIVE_INFINITY: '-Infinity',
};

/** What can follow a term nowhere in the grammar is told as no alternative, anything else as a mismatch. */
const neverAfterTerm = new Set([...Object.keys(literalKinds), 'IDENT', 'QUOTED_NAME', "'.'"]);

/** Where a list begins, nothing that could be in one: its end is missed. */
export const startsNothing = new Set(["'+'", "'*'", "'/'", "'%'", "'='", "','", "')'", "'}'"]);

/** A constant, or null when none stands here. */
export function acceptConstant(p: Cursor): (Term & { kind: 'literal' }) | null {
  const { type, text } = p.peek();
  const literal = literalKinds[type];
  if (literal === undefined) return null;
  p.next();
  if (type === 'FLOAT' && !Number.isFinite(Number(text)))
    p.fail(
      `Failed parsing statement: [${p.query}] reason: NumberFormatException Character I is neither a decimal digit number, ` +
        'decimal point, nor "e" notation exponential mark.',
    );
  return { kind: 'literal', literal, text: specialFloats[type] ?? text };
}

/** `?` or `:name`, or null when neither stands here. */
export function acceptMarker(p: Cursor): (Term & { kind: 'marker' }) | null {
  if (p.accept('QMARK')) return { kind: 'marker', index: p.addMarker(null), name: null };
  if (!p.accept("':'")) return null;
  const name = p.name();
  return { kind: 'marker', index: p.addMarker(name), name };
}

/** An integer or a marker. */
export function parseIntValue(p: Cursor): Term {
  if (p.is('INTEGER')) return { kind: 'literal', literal: 'integer', text: p.next().text };
  return acceptMarker(p) ?? p.noViable();
}

export function parseTerm(p: Cursor): Term {
  return p.nested(() => {
    let left = parseProduct(p);
    while (p.is("'+'") || p.is("'-'")) {
      if (endsBeforeColumn(p)) break;
      p.countOperator();
      const op = p.next().text as '+' | '-';
      left = { kind: 'arithmetic', op, left, right: parseProduct(p) };
    }
    if (neverAfterTerm.has(p.peek().type)) p.noViable();
    return left;
  });
}

/** In `c = v + c` the sum ends before the column (list prepend). @throws FerrosaError SYNTAX_ERROR where none can stand */
function endsBeforeColumn(p: Cursor): boolean {
  if (!p.is("'+'")) return false;
  if ((!p.isName(1) && !p.is('EMPTY_QUOTED_NAME', 1)) || startsCall(p, 1)) return false;
  if (!p.is("','", 2) && !p.is('K_WHERE', 2)) p.noViable(2);
  return true;
}

function parseProduct(p: Cursor): Term {
  let left = parseSigned(p);
  while (p.is("'*'") || p.is("'/'") || p.is("'%'")) {
    p.countOperator();
    const op = p.next().text as '*' | '/' | '%';
    left = { kind: 'arithmetic', op, left, right: parseSigned(p) };
  }
  return left;
}

function parseSigned(p: Cursor): Term {
  if (p.accept("'-'")) return { kind: 'negate', term: parseSimpleTerm(p) };
  return parseSimpleTerm(p);
}

/** True when `name(` or `keyspace.name(` stands `ahead` places on. */
export function startsCall(p: Cursor, ahead = 0): boolean {
  if (p.isFunctionName(ahead) && p.is("'('", ahead + 1)) return true;
  return p.isName(ahead) && p.is("'.'", ahead + 1) && p.isFunctionName(ahead + 2) && p.is("'('", ahead + 3);
}

/** `[keyspace.]name` of a function. */
export function parseFunctionName(p: Cursor): QualifiedName {
  if (p.is("'.'", 1)) {
    const keyspace = p.name();
    p.next();
    return { keyspace, name: p.functionName() };
  }
  return { keyspace: null, name: p.functionName() };
}

function parseSimpleTerm(p: Cursor): Term {
  return p.nested(() => {
    const constant = acceptConstant(p) ?? acceptMarker(p);
    if (constant !== null) return constant;
    if (p.accept('K_NULL')) return { kind: 'null' };
    if (p.is("'['")) return parseList(p);
    if (p.is("'{'")) return parseBraces(p);
    if (p.is("'('")) return parseHint(p) ?? parseTuple(p);
    if (p.is('K_CAST') && p.is("'('", 1)) return parseCast(p);
    if (startsCall(p)) return parseCall(p);
    if (p.isName() && p.is("'.'", 1)) return p.noViable(p.isFunctionName(2) ? 3 : 2);
    if (p.isFunctionName() && !p.is("'('", 1)) return p.noViable(1);
    return p.noViable();
  });
}

function parseCall(p: Cursor): Term {
  const name = parseFunctionName(p);
  p.expect("'('");
  const args: Term[] = [];
  if (!p.accept("')'")) {
    args.push(parseTerm(p));
    while (p.accept("','")) args.push(parseTerm(p));
    p.expect("')'");
  }
  return { kind: 'call', function: name, args };
}

/** CAST(term AS type) is a call of cast_as_<type>. */
function parseCast(p: Cursor): Term {
  p.next();
  p.expect("'('");
  const term = parseSimpleTerm(p);
  p.expect('K_AS');
  const type = parseNativeType(p);
  p.expect("')'");
  return { kind: 'call', function: { keyspace: 'system', name: `cast_as_${type}` }, args: [term] };
}

/** `(type) term`, or null when the parenthesis opens a tuple. */
function parseHint(p: Cursor): Term | null {
  // The class of a type is a text, which may as well be alone in a tuple: what stands behind it tells.
  if (p.is('STRING_LITERAL', 1) && !(p.is("')'", 2) && startsSimpleTerm(p, 3))) return null;
  const mark = p.mark();
  p.next();
  if (!startsType(p)) {
    p.reset(mark);
    return null;
  }
  // A type is followed by `)` and a term; a function call in a tuple has a parenthesis instead.
  if (startsCall(p) && !(nativeTypeTokens.has(p.peek().type) && p.is("')'", 1))) {
    p.reset(mark);
    return null;
  }
  const type = parseType(p);
  p.expect("')'");
  return { kind: 'hint', type, term: parseSimpleTerm(p) };
}

function startsSimpleTerm(p: Cursor, ahead: number): boolean {
  const { type } = p.peek(ahead);
  // Behind the key of a map `: name(` is a call, and `: name` a marker all the same.
  if (type === "':'") return p.isName(ahead + 1) && !startsCall(p, ahead + 1);
  const opens = ['QMARK', 'K_NULL', "'('", "'['", "'{'"].includes(type);
  return opens || type in literalKinds || (type === 'K_CAST' && p.is("'('", ahead + 1)) || startsCall(p, ahead);
}

/** `(a, b)`. */
export function parseTuple(p: Cursor): Term {
  p.expect("'('");
  const elements = [parseTerm(p)];
  while (p.accept("','")) elements.push(parseTerm(p));
  p.expect("')'");
  return { kind: 'tuple', elements };
}

function parseList(p: Cursor): Term {
  p.next();
  const elements: Term[] = [];
  if (startsNothing.has(p.peek().type)) p.mismatch("']'");
  if (!p.accept("']'")) {
    elements.push(parseTerm(p));
    while (p.accept("','")) elements.push(parseTerm(p));
    p.expect("']'");
  }
  return { kind: 'list', elements };
}

function parseBraces(p: Cursor): Term {
  p.next();
  if (p.accept("'}'")) return { kind: 'set', elements: [] };
  if (p.isName() && p.is("':'", 1)) return parseUserTypeLiteral(p);
  const first = parseTerm(p);
  if (p.accept("':'")) return parseMapRest(p, first);
  const elements = [first];
  while (p.accept("','")) elements.push(parseTerm(p));
  if (!p.accept("'}'")) p.noViable();
  return { kind: 'set', elements };
}

function parseMapRest(p: Cursor, firstKey: Term): Term & { kind: 'map' } {
  const entries: (readonly [Term, Term])[] = [[firstKey, parseTerm(p)]];
  while (p.accept("','")) {
    const key = parseTerm(p);
    p.expect("':'");
    entries.push([key, parseTerm(p)]);
  }
  p.expect("'}'");
  return { kind: 'map', entries };
}

function parseUserTypeLiteral(p: Cursor): Term {
  const fields: (readonly [string, Term])[] = [];
  do {
    const field = p.name();
    p.expect("':'");
    fields.push([field, parseTerm(p)]);
  } while (p.accept("','"));
  p.expect("'}'");
  return { kind: 'udt', fields };
}

/** `{}` or `{k: v, ...}` of constants: a map of an option. */
export function parseMapLiteral(p: Cursor): Term & { kind: 'map' } {
  p.expect("'{'");
  if (p.accept("'}'")) return { kind: 'map', entries: [] };
  const first = parseTerm(p);
  p.expect("':'");
  return parseMapRest(p, first);
}
