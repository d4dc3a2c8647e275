// The parser's place in the tokens, its markers, and its errors in Cassandra's words.
import { syntaxError } from '../common/errors.js';
import { parserDepthMax, parserOperatorsMax } from '../common/limits.js';
import { basicUnreservedTokens, unreservedFunctionTokens, unreservedTokens } from './keywords.js';
import { type LexedText, lex, type Token } from './lexer.js';

export class Cursor {
  /** Names of the bind markers met so far, null for `?`. */
  readonly markers: (string | null)[] = [];
  private readonly lexed: LexedText;
  private at = 0;
  private depth = 0;
  /** Behind a word that could have been another thing; -1 when there was none. */
  private openName = -1;
  private operators = 0;

  constructor(readonly query: string) {
    this.lexed = lex(query);
  }

  get tokens(): readonly Token[] {
    return this.lexed.tokens;
  }

  /** The token `ahead` places after the next one. */
  peek(ahead = 0): Token {
    const { tokens } = this.lexed;
    return tokens[Math.min(this.at + ahead, tokens.length - 1)] as Token;
  }

  is(type: string, ahead = 0): boolean {
    return this.peek(ahead).type === type;
  }

  next(): Token {
    const token = this.peek();
    this.at = Math.min(this.at + 1, this.lexed.tokens.length - 1);
    return token;
  }

  /** Takes the token if it is of that type. */
  accept(type: string): boolean {
    if (!this.is(type)) return false;
    this.next();
    return true;
  }

  /** Takes tokens of these types in a row, or none. */
  acceptAll(...types: string[]): boolean {
    if (!types.every((type, i) => this.is(type, i))) return false;
    for (const _ of types) this.next();
    return true;
  }

  /** Takes a token of that type. @throws FerrosaError SYNTAX_ERROR "mismatched input" */
  expect(type: string, ahead = 0): Token {
    if (!this.is(type)) this.mismatch(type, ahead);
    return this.next();
  }

  /** For speculation: what `reset` goes back to. */
  mark(): { readonly at: number; readonly markers: number } {
    return { at: this.at, markers: this.markers.length };
  }

  reset(mark: { readonly at: number; readonly markers: number }): void {
    this.at = mark.at;
    this.markers.length = mark.markers;
  }

  /** Runs `parse` one level deeper. @throws FerrosaError SYNTAX_ERROR when nested too deep */
  nested<T>(parse: () => T): T {
    if (++this.depth > parserDepthMax) throw syntaxError(`statement is nested deeper than ${parserDepthMax} levels`);
    const result = parse();
    this.depth--;
    return result;
  }

  /** A word was taken that could be another thing as well, as a table's name a keyspace's: only what follows tells Cassandra's grammar. */
  openWord(): void {
    this.openName = this.at;
  }

  /** What was taken is what it seems. */
  settleWord(): void {
    this.openName = -1;
  }

  /** Counts an arithmetic operator. @throws FerrosaError SYNTAX_ERROR when there are too many */
  countOperator(): void {
    if (++this.operators > parserOperatorsMax)
      throw syntaxError(`statement has more than ${parserOperatorsMax} arithmetic operators`);
  }

  addMarker(name: string | null): number {
    this.markers.push(name);
    return this.markers.length - 1;
  }

  isName(ahead = 0): boolean {
    const { type } = this.peek(ahead);
    return type === 'IDENT' || type === 'QUOTED_NAME' || unreservedTokens.has(type);
  }

  isFunctionName(ahead = 0): boolean {
    const { type } = this.peek(ahead);
    const plain = type === 'IDENT' || type === 'QUOTED_NAME' || type === 'K_TOKEN' || type === 'K_COUNT';
    return plain || unreservedFunctionTokens.has(type);
  }

  /** A name: quoted as written, otherwise in lower case. */
  name(): string {
    if (!this.isName()) this.noViable();
    return this.nameText();
  }

  /** A column in DML: a name, or "" (an old kind of column). */
  columnName(): string {
    if (this.accept('EMPTY_QUOTED_NAME')) return '';
    return this.name();
  }

  functionName(): string {
    if (!this.isFunctionName()) this.noViable();
    return this.nameText();
  }

  /** A user type's name: not one of the native types. */
  userTypeName(): string {
    const { type } = this.peek();
    const ok = type === 'IDENT' || type === 'QUOTED_NAME' || type === 'K_KEY' || basicUnreservedTokens.has(type);
    if (!ok) this.noViable();
    const name = this.nameText();
    if (type === 'IDENT' && reservedTypeNames.has(name)) this.fail(`Invalid (reserved) user type name ${name}`);
    return name;
  }

  private nameText(): string {
    const token = this.next();
    if (token.type === 'QUOTED_NAME') return token.text;
    return token.text.toLowerCase();
  }

  /** @throws FerrosaError SYNTAX_ERROR: one certain token had to come; Cassandra has looked at `ahead` tokens behind it. */
  mismatch(expected: string, ahead = 0): never {
    if (this.at === this.openName && !this.is('EOF') && !this.is('K_AS')) this.noViableBehind();
    const token = this.peek();
    return this.failAt(token, `mismatched input '${token.text}' expecting ${expected}`, token, this.peek(ahead));
  }

  /** @throws FerrosaError SYNTAX_ERROR: none of several that could come; `ahead` tokens were looked at before it. */
  noViable(ahead = 0): never {
    if (this.at === this.openName && ahead === 0 && !this.is('EOF')) this.noViableBehind();
    const token = this.peek(ahead);
    return this.failAt(token, `no viable alternative at input '${token.text}'`, this.peek(), token);
  }

  /** @throws FerrosaError SYNTAX_ERROR: what began `back` tokens ago could be several things, but none of them with the token `ahead` behind it. */
  noViableBehind(back = 1, ahead = 0): never {
    const token = this.peek(ahead);
    const last = this.lexed.tokens[Math.max(0, this.at - back)] as Token;
    return this.failAt(token, `no viable alternative at input '${token.text}'`, last, token);
  }

  /** @throws FerrosaError SYNTAX_ERROR with just that text. */
  fail(message: string): never {
    const earlier = this.lexed.errors.find((error) => error.index <= this.peek().index);
    throw syntaxError(earlier?.message ?? message);
  }

  /** @throws FerrosaError SYNTAX_ERROR when the lexer met something that is no token. */
  finish(): void {
    const first = this.lexed.errors[0];
    if (first !== undefined) throw syntaxError(first.message);
  }

  /** @param seen  the last token that Cassandra's parser has come to */
  private failAt(token: Token, message: string, marked: Token, seen: Token): never {
    const earlier = this.lexed.errors.find((error) => error.index <= token.index);
    if (earlier !== undefined) throw syntaxError(earlier.message);
    throw syntaxError(`line ${token.line}:${token.column} ${message}${this.snippet(marked, seen)}`);
  }

  /** The text around the place, as Cassandra shows it: ten tokens before, two after, the place in brackets. */
  private snippet(marked: Token, seen: Token): string {
    const { all } = this.lexed;
    const from = all[Math.max(0, marked.index - 10)] as Token;
    const to = all[Math.min(seen.index, marked.index + 2)] as Token;
    if (marked.line === 0 || to.line === 0) return '';
    const end = this.shownEnd(to);
    const before = this.query.slice(from.start, marked.start);
    const place = this.query.slice(marked.start, Math.min(this.shownEnd(marked), end));
    const after = this.query.slice(marked.start + place.length, end);
    const text = `${before}[${place}]${after}`.replaceAll('\n', '');
    return ` (${from.start === 0 ? '' : '...'}${text}${end === this.query.length ? '' : '...'})`;
  }

  /** Cassandra counts a token's text, without its quotes, from where the token begins. */
  private shownEnd({ start, end, text }: Token): number {
    return Math.min(start + text.length, end);
  }
}

const reservedTypeNames = new Set(['byte', 'complex', 'enum', 'date', 'interval', 'macaddr', 'bitstring']);
