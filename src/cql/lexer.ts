// CQL text to tokens. Follows the token rules of Cassandra's grammar, so that errors name the same place and kind of thing.
import { keywordTokens } from './keywords.js';

export type Token = {
  /** 'K_SELECT', 'IDENT', 'INTEGER', ... or a literal in quotes such as `'('`. */
  readonly type: string;
  /** Content without quotes for strings and quoted names; as written otherwise. */
  readonly text: string;
  /** 1-based; 0 for the end of input. */
  readonly line: number;
  /** 0-based; -1 for the end of input. */
  readonly column: number;
  /** Place among all tokens, white space and comments counted. */
  readonly index: number;
  readonly start: number;
  readonly end: number;
};

/** An error of the lexer: reported when the parser has come to the token after it. */
export type LexerError = { readonly message: string; readonly index: number };

export type LexedText = {
  readonly tokens: readonly Token[];
  readonly all: readonly Token[];
  readonly errors: readonly LexerError[];
};

const rules: readonly (readonly [string, RegExp])[] = [
  ['WS', /[ \t\n\r]+/y],
  ['COMMENT', /(?:--|\/\/)[^\n\r]*[\n\r]/y],
  ['COMMENT', /\/\*[\s\S]*?\*\//y],
  ['UUID', /[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}/y],
  ['DURATION', /-?[0-9]+(?:mo|ms|us|\u00b5s|ns|[ywdhms])(?:[0-9]+(?:mo|ms|us|\u00b5s|ns|[ywdhms]))*(?![a-z0-9_])/iy],
  ['DURATION', /-?P[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}/y],
  [
    'DURATION',
    /-?P(?:[0-9]+W|(?=[0-9]|T[0-9])(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?(?:T(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+S)?)?)(?![A-Za-z0-9_])/y,
  ],
  ['HEXNUMBER', /0[xX][0-9a-fA-F]*/y],
  ['INTEGER', /-?[0-9]+(?=\.\.(?!\.))/y],
  ['FLOAT', /-?[0-9]+(?:\.[0-9]*(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)/y],
  ['INTEGER', /-?[0-9]+/y],
  ['K_NEGATIVE_NAN', /-nan(?![a-z0-9_])/iy],
  ['K_NEGATIVE_INFINITY', /-infinity(?![a-z0-9_])/iy],
  ["'expr('", /expr\(/y],
  ['IDENT', /[a-zA-Z][a-zA-Z0-9_]*/y],
  ['RANGE', /\.\./y],
  ['PUNCTUATION', /\+=|-=|!=|<=|>=|[()[\]{},;.:?=<>+\-*/%]/y],
];

const space = 0x20;
const minus = 0x2d;
const dot = 0x2e;
const openingParenthesis = 0x28;
const capitalP = 0x50;
/** Signs that begin no longer token. */
const loneSigns: ReadonlySet<string> = new Set('()[]{},;?=*%');
const isSpace = (code: number): boolean => code === space || code === 0x09 || code === 0x0a || code === 0x0d;
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const isLetter = (code: number): boolean => (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
const isWordCharacter = (code: number): boolean => isLetter(code) || isDigit(code) || code === 0x5f;

/** Splits the text into tokens; never throws: what is no token is an error in the result. */
export function lex(text: string): LexedText {
  return new Lexer(text).run();
}

class Lexer {
  private readonly tokens: Token[] = [];
  private readonly all: Token[] = [];
  private readonly errors: LexerError[] = [];
  private at = 0;
  private line = 1;
  private lineStart = 0;

  constructor(private readonly text: string) {}

  run(): LexedText {
    while (this.at < this.text.length) this.next();
    const end: Token = {
      type: 'EOF',
      text: '<EOF>',
      line: 0,
      column: -1,
      index: this.all.length,
      start: this.at,
      end: this.at,
    };
    this.tokens.push(end);
    this.all.push(end);
    return { tokens: this.tokens, all: this.all, errors: this.errors };
  }

  private next(): void {
    const first = this.text[this.at];
    if (first === "'") return this.quoted("'", 'STRING_LITERAL');
    if (first === '"') return this.quoted('"', 'QUOTED_NAME');
    if (first === '$') return this.dollars();
    if ((first === '-' || first === '/') && this.unendedComment()) {
      return this.unterminated(this.text[this.at + 1] === '*' ? "'*'" : 'set null');
    }
    if (this.simple()) return;
    for (const [type, pattern] of rules) {
      pattern.lastIndex = this.at;
      const match = pattern.exec(this.text);
      if (match === null) continue;
      const written = match[0];
      this.push(this.typeOf(type, written), written, this.at + written.length);
      return;
    }
    this.bad(first as string);
  }

  /** What one look at the characters tells: most words, numbers and signs of a statement. The rules decide the rest. */
  private simple(): boolean {
    const { text, at } = this;
    const first = text.charCodeAt(at);
    if (first === space) {
      if (isSpace(text.charCodeAt(at + 1))) return false;
      this.push('WS', ' ', at + 1);
      return true;
    }
    if (first < 0x80 && loneSigns.has(text[at]!)) {
      this.push(this.typeOf('PUNCTUATION', text[at]!), text[at]!, at + 1);
      return true;
    }
    let end = at + 1;
    if (isDigit(first)) {
      while (isDigit(text.charCodeAt(end))) end++;
      // A fraction, an exponent, a unit, a UUID: not for here.
      const next = text.charCodeAt(end);
      if (isWordCharacter(next) || next === dot || next === minus || next >= 0x80) return false;
      this.push('INTEGER', text.slice(at, end), end);
      return true;
    }
    // A duration may begin with P.
    if (!isLetter(first) || first === capitalP) return false;
    while (isWordCharacter(text.charCodeAt(end))) end++;
    const next = text.charCodeAt(end);
    // A UUID, or the call `expr(`.
    if (next === minus || next === openingParenthesis) return false;
    const word = text.slice(at, end);
    this.push(this.typeOf('IDENT', word), word, end);
    return true;
  }

  /** A comment that does not end: Cassandra wants a line break after `--` too. */
  private unendedComment(): boolean {
    const start = this.text.slice(this.at, this.at + 2);
    if (start === '/*' && this.text.indexOf('*/', this.at + 2) < 0) return true;
    return (start === '--' || start === '//') && !/[\n\r]/.test(this.text.slice(this.at));
  }

  private typeOf(rule: string, written: string): string {
    if (rule === 'PUNCTUATION') return written === '?' ? 'QMARK' : `'${written}'`;
    if (rule !== 'IDENT') return rule;
    const upper = written.toUpperCase();
    if (upper === 'TRUE' || upper === 'FALSE') return 'BOOLEAN';
    return keywordTokens.get(upper) ?? 'IDENT';
  }

  private push(type: string, content: string, end: number): void {
    const token: Token = {
      type,
      text: content,
      line: this.line,
      column: this.at - this.lineStart,
      index: this.all.length,
      start: this.at,
      end,
    };
    this.all.push(token);
    if (type === 'WS' || type === 'COMMENT') return this.advance(end);
    this.tokens.push(token);
    if (type === 'STRING_LITERAL' || type === 'QUOTED_NAME') this.advance(end);
    else this.at = end; // no line break in it
  }

  private advance(end: number): void {
    for (let i = this.at; i < end; i++) {
      if (this.text[i] === '\n') {
        this.line++;
        this.lineStart = i + 1;
      }
    }
    this.at = end;
  }

  private quoted(quote: string, type: string): void {
    let content = '';
    let i = this.at + 1;
    for (;;) {
      const close = this.text.indexOf(quote, i);
      if (close < 0) return this.unterminated(`'${quote}'`);
      content += this.text.slice(i, close);
      if (this.text[close + 1] !== quote) {
        const empty = type === 'QUOTED_NAME' && content === '';
        return empty ? this.push('EMPTY_QUOTED_NAME', '""', close + 1) : this.push(type, content, close + 1);
      }
      content += quote;
      i = close + 2;
    }
  }

  private dollars(): void {
    if (this.text[this.at + 1] !== '$') return this.bad('$');
    const close = this.text.indexOf('$$', this.at + 2);
    if (close < 0) return this.unterminated("'$'");
    this.push('STRING_LITERAL', this.text.slice(this.at + 2, close), close + 2);
  }

  private unterminated(expected: string): void {
    this.advance(this.text.length);
    this.report(`line ${this.line}:${this.at - this.lineStart} mismatched character '<EOF>' expecting ${expected}`);
  }

  private bad(character: string): void {
    const column = this.at - this.lineStart;
    if (character === '!') {
      const next = this.text[this.at + 1];
      this.report(`line ${this.line}:${column + 1} mismatched character '${next ?? '<EOF>'}' expecting '='`);
    } else {
      this.report(`line ${this.line}:${column} no viable alternative at character '${character}'`);
    }
    this.advance(this.at + 1);
  }

  private report(message: string): void {
    this.errors.push({ message, index: this.all.length });
  }
}
