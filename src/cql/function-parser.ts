// CREATE and DROP of functions and aggregates.
import type { DdlStatement, TypeNode } from './ast.js';
import type { Cursor } from './cursor.js';
import { parseIfExists, parseIfNotExists } from './ddl-parser.js';
import { parseFunctionName, parseTerm } from './term-parser.js';
import { parseType } from './type-parser.js';

function parseArgs<T>(p: Cursor, parse: () => T): T[] {
  const args: T[] = [];
  p.expect("'('");
  if (!p.is("')'")) {
    args.push(parse());
    while (p.accept("','")) args.push(parse());
  }
  p.expect("')'");
  return args;
}

/** The next word, when it is this one: it is no keyword of Cassandra's. */
const acceptWord = (p: Cursor, word: string): boolean =>
  p.is('IDENT') && p.peek().text.toUpperCase() === word && p.accept('IDENT');

/** [DETERMINISTIC] [MONOTONIC [ON argument]], as DataStax's grammar has them. */
function parseProperties(p: Cursor): { deterministic: boolean; monotonic: boolean; monotonicOn: string | null } {
  const deterministic = acceptWord(p, 'DETERMINISTIC');
  const monotonic = acceptWord(p, 'MONOTONIC');
  const monotonicOn = monotonic && p.accept('K_ON') ? p.name() : null;
  return { deterministic, monotonic, monotonicOn };
}

export function parseCreateFunction(p: Cursor, orReplace: boolean): DdlStatement {
  const ifNotExists = parseIfNotExists(p);
  const name = parseFunctionName(p);
  const args = parseArgs(p, () => [p.name(), parseType(p)] as const);
  const calledOnNull = p.accept('K_CALLED');
  if (!calledOnNull) {
    if (!p.accept('K_RETURNS')) p.noViable();
    p.expect('K_NULL');
  }
  p.expect('K_ON');
  p.expect('K_NULL');
  p.expect('K_INPUT');
  p.expect('K_RETURNS');
  const returns = parseType(p);
  const properties = parseProperties(p);
  p.expect('K_LANGUAGE');
  const language = p.expect('IDENT').text.toLowerCase();
  p.expect('K_AS');
  const body = p.expect('STRING_LITERAL').text;
  return {
    kind: 'createFunction',
    function: name,
    orReplace,
    ifNotExists,
    args,
    calledOnNull,
    ...properties,
    returns,
    language,
    body,
  };
}

export function parseCreateAggregate(p: Cursor, orReplace: boolean): DdlStatement {
  const ifNotExists = parseIfNotExists(p);
  const aggregate = parseFunctionName(p);
  const args = parseArgs(p, () => parseType(p));
  p.expect('K_SFUNC');
  const stateFunction = p.functionName();
  p.expect('K_STYPE');
  const stateType = parseType(p);
  const finalFunction = p.accept('K_FINALFUNC') ? p.functionName() : null;
  const initial = p.accept('K_INITCOND') ? parseTerm(p) : null;
  return {
    kind: 'createAggregate',
    aggregate,
    orReplace,
    ifNotExists,
    args,
    stateFunction,
    stateType,
    finalFunction,
    initial,
  };
}

export function parseDropFunction(p: Cursor, kind: 'dropFunction' | 'dropAggregate'): DdlStatement {
  const ifExists = parseIfExists(p);
  const name = parseFunctionName(p);
  const args: TypeNode[] | null = p.is("'('") ? parseArgs(p, () => parseType(p)) : null;
  return { kind, function: name, args, ifExists };
}
