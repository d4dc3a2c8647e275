// fts_match, told from a text itself.
import { matchesFulltext, parseFulltext, placesOf, tokensOf } from '../../index/index.js';
import type { StatementIndex } from '../restrictions/index-use.js';

export const textOf = (value: Uint8Array): string =>
  Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8');

/** Whether a text matches. @throws FerrosaError INVALID for what is no query */
export function textPredicate({ fulltext }: StatementIndex, query: Uint8Array): (value: Uint8Array) => boolean {
  const parsed = parseFulltext(fulltext!, textOf(query));
  if (parsed === null) return () => false;
  return (value) => matchesFulltext(parsed, placesOf(tokensOf(fulltext!, textOf(value))));
}
