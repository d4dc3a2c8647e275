// What is asked of a full-text index: words, "phrases", beginnings* of words, AND, OR, NOT and parentheses. Words that stand together are joined
// by AND, which binds stronger than OR.
import { invalid } from '../../common/errors.js';
import { fulltextQueryNodesMax } from '../../common/limits.js';
import type { FulltextSettings } from '../../schema/index.js';
import { tokensOf } from './analyzer.js';

export type FulltextQuery =
  | { readonly kind: 'term'; readonly term: string }
  | { readonly kind: 'prefix'; readonly prefix: string }
  /** Terms and how far each is behind the first. */
  | { readonly kind: 'phrase'; readonly terms: readonly { readonly term: string; readonly offset: number }[] }
  | { readonly kind: 'and' | 'or'; readonly of: readonly FulltextQuery[] }
  | { readonly kind: 'not'; readonly of: FulltextQuery };

type Lexeme = { readonly kind: 'word' | 'phrase' | 'prefix' | 'AND' | 'OR' | 'NOT' | '(' | ')'; readonly text: string };

/** A minus is NOT where something follows it at once. */
const lexemePattern = /\s*(?:"([^"]*)"|([()])|(-)(?=[^\s)])|([^\s()"]+))/gy;

function lexemes(text: string): Lexeme[] {
  const found: Lexeme[] = [];
  lexemePattern.lastIndex = 0;
  const trimmed = text.trimEnd();
  while (lexemePattern.lastIndex < trimmed.length) {
    const match = lexemePattern.exec(trimmed);
    if (match === null) throw invalid('A quotation mark is not closed in the text that is searched for');
    const [, phrase, parenthesis, minus, word] = match;
    if (phrase !== undefined) found.push({ kind: 'phrase', text: phrase });
    else if (parenthesis !== undefined) found.push({ kind: parenthesis as '(' | ')', text: parenthesis });
    else if (minus !== undefined) found.push({ kind: 'NOT', text: minus });
    else found.push(wordLexeme(word!));
    if (found.length > fulltextQueryNodesMax)
      throw invalid(`More than ${fulltextQueryNodesMax} words are searched for at once`);
  }
  return found;
}

function wordLexeme(word: string): Lexeme {
  if (word === 'AND' || word === 'OR' || word === 'NOT') return { kind: word, text: word };
  if (word.length > 1 && word.endsWith('*')) return { kind: 'prefix', text: word.slice(0, -1) };
  return { kind: 'word', text: word };
}

/** Parses by descent. What the analyzer leaves nothing of (stop words) is null and asks nothing. */
class Parser {
  #at = 0;

  constructor(
    private readonly settings: FulltextSettings,
    private readonly found: readonly Lexeme[],
  ) {}

  get done(): boolean {
    return this.#at >= this.found.length;
  }

  #accept(kind: Lexeme['kind']): boolean {
    if (this.found[this.#at]?.kind !== kind) return false;
    this.#at++;
    return true;
  }

  or(): FulltextQuery | null {
    const of = [this.#and()];
    while (this.#accept('OR')) of.push(this.#and());
    return joined('or', of);
  }

  #and(): FulltextQuery | null {
    const of = [this.#not()];
    for (;;) {
      if (this.#accept('AND')) of.push(this.#not());
      else if (this.done || this.found[this.#at]!.kind === ')' || this.found[this.#at]!.kind === 'OR') break;
      else of.push(this.#not());
    }
    return joined('and', of);
  }

  #not(): FulltextQuery | null {
    if (!this.#accept('NOT')) return this.#one();
    const of = this.#not();
    return of === null ? null : { kind: 'not', of };
  }

  #one(): FulltextQuery | null {
    const lexeme = this.found[this.#at++];
    if (lexeme === undefined) throw invalid('Something is missing at the end of the text that is searched for');
    if (lexeme.kind === '(') {
      const inner = this.or();
      if (!this.#accept(')')) throw invalid('A parenthesis is not closed in the text that is searched for');
      return inner;
    }
    if (lexeme.kind === 'prefix') {
      const prefix = lexeme.text.normalize('NFKC').toLowerCase();
      return { kind: 'prefix', prefix };
    }
    if (lexeme.kind === 'word' || lexeme.kind === 'phrase') return this.#words(lexeme);
    throw invalid(`${lexeme.text} stands where a word is expected in the text that is searched for`);
  }

  /** One word may be several for the analyzer: they are a phrase then. */
  #words({ text }: Lexeme): FulltextQuery | null {
    const tokens = tokensOf(this.settings, text);
    const [first] = tokens;
    if (first === undefined) return null;
    if (tokens.length === 1) return { kind: 'term', term: first.term };
    return {
      kind: 'phrase',
      terms: tokens.map(({ term, position }) => ({ term, offset: position - first.position })),
    };
  }
}

function joined(kind: 'and' | 'or', of: readonly (FulltextQuery | null)[]): FulltextQuery | null {
  const asked = of.filter((one) => one !== null);
  if (asked.length === 0) return null;
  return asked.length === 1 ? asked[0]! : { kind, of: asked };
}

/** null when nothing is asked: no text matches. @throws FerrosaError INVALID for a text that is no query */
export function parseFulltext(settings: FulltextSettings, text: string): FulltextQuery | null {
  const found = lexemes(text);
  if (found.length === 0) return null;
  const parser = new Parser(settings, found);
  const query = parser.or();
  if (!parser.done) throw invalid('A parenthesis too many in the text that is searched for');
  return query;
}

/** How often the phrase stands in a text. @param placesOf  ascending */
export function phraseCount(
  terms: readonly { readonly term: string; readonly offset: number }[],
  placesOf: (term: string) => readonly number[] | undefined,
): number {
  const [first, ...rest] = terms;
  const others = rest.map(({ term, offset }) => ({ offset, places: new Set(placesOf(term) ?? []) }));
  return (placesOf(first!.term) ?? []).filter((at) => others.every(({ offset, places }) => places.has(at + offset)))
    .length;
}

/** Whether a text matches, told from the text alone. */
export function matchesFulltext(query: FulltextQuery, places: ReadonlyMap<string, readonly number[]>): boolean {
  switch (query.kind) {
    case 'term':
      return places.has(query.term);
    case 'prefix':
      return [...places.keys()].some((term) => term.startsWith(query.prefix));
    case 'phrase':
      return phraseCount(query.terms, (term) => places.get(term)) > 0;
    case 'and':
      return query.of.every((one) => matchesFulltext(one, places));
    case 'or':
      return query.of.some((one) => matchesFulltext(one, places));
    case 'not':
      return !matchesFulltext(query.of, places);
  }
}
