// LIST QUERIES, KILL QUERY and EXPLAIN: Ferrosa's own statements. Their words are no keywords, so that names may be called so; none of
// them begins a statement of Cassandra.
import type { ObserveStatement, Statement } from './ast.js';
import type { Cursor } from './cursor.js';
import { acceptModification, parseBatch, parseSelect } from './dml-parser.js';

const isWord = (p: Cursor, word: string, ahead = 0): boolean =>
  p.is('IDENT', ahead) && p.peek(ahead).text.toLowerCase() === word;
const ends = (p: Cursor, ahead: number): boolean => p.is('EOF', ahead) || p.is("';'", ahead);

/** The statement, or null when it is none of these. @throws FerrosaError SYNTAX_ERROR */
export function acceptObserve(p: Cursor): ObserveStatement | null {
  if (p.is('K_LIST') && isWord(p, 'queries', 1) && ends(p, 2)) {
    p.next();
    p.next();
    return { kind: 'listQueries' };
  }
  if (isWord(p, 'kill') && isWord(p, 'query', 1)) {
    p.next();
    p.next();
    return { kind: 'killQuery', id: p.expect('INTEGER').text };
  }
  if (!isWord(p, 'explain') || ends(p, 1)) return null;
  p.next();
  const analyze = isWord(p, 'analyze');
  if (analyze) p.next();
  return { kind: 'explain', analyze, statement: parseExplained(p) };
}

type Explained = Extract<ObserveStatement, { kind: 'explain' }>['statement'];

function parseExplained(p: Cursor): Explained {
  if (p.is('K_SELECT')) return parseSelect(p);
  if (p.is('K_BEGIN')) return parseBatch(p) as Extract<Statement, { kind: 'batch' }>;
  return acceptModification(p) ?? p.noViable();
}
