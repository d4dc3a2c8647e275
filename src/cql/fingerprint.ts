// A statement's shape: what is left of its text without the values in it, so that statements that differ by them only are one.
import { lex, type Token } from './lexer.js';

const literals: ReadonlySet<string> = new Set([
  'STRING_LITERAL',
  'INTEGER',
  'FLOAT',
  'UUID',
  'DURATION',
  'HEXNUMBER',
  'BOOLEAN',
  'K_TRUE',
  'K_FALSE',
  'QMARK',
]);
const closing: ReadonlySet<string> = new Set(["','", "')'", "']'", "'}'", "'.'", "'('", "'['"]);
const opening: ReadonlySet<string> = new Set(["'('", "'['", "'{'", "'.'"]);

/** Text longer than this is cut: a statement of a megabyte is not worth remembering whole. */
export const fingerprintCharactersMax = 4_096;

const typeNumbers = new Map<string, number>();

function numberOf(type: string): number {
  let number = typeNumbers.get(type);
  if (number === undefined) {
    number = typeNumbers.size + 1;
    typeNumbers.set(type, number);
  }
  return number;
}

/**
 * A number that statements of one shape share, for looking the shape up without making its text. Lists of different lengths have different
 * numbers. 52 bits: two shapes with one number would be counted as one.
 */
export function shapeNumber(tokens: readonly Token[]): number {
  let low = 0x811c9dc5;
  let high = 0x01000193;
  for (const { type, text } of tokens) {
    const number = literals.has(type) ? 0 : numberOf(type);
    low = Math.imul(low ^ number, 0x01000193);
    high = Math.imul(high + number, 0x85ebca6b) ^ (low >>> 15);
    if (type !== 'IDENT' && type !== 'QUOTED_NAME') continue;
    for (let i = 0; i < text.length; i++) {
      low = Math.imul(low ^ text.charCodeAt(i), 0x01000193);
      high = Math.imul(high + low, 0x85ebca6b);
    }
  }
  return (high >>> 12) * 0x1_0000_0000 + (low >>> 0);
}

/** The text with `?` in place of each value, as it is otherwise. Null when it has no token of that kind, or errors. */
export function withMarkers(text: string): string | null {
  const { tokens, errors } = lex(text);
  const values = tokens.filter(({ type }) => literals.has(type));
  if (errors.length > 0 || values.length === 0) return null;
  let out = '';
  let at = 0;
  for (const { start, end } of values) {
    out += `${text.slice(at, start)}?`;
    at = end;
  }
  return out + text.slice(at);
}

/** The text with `?` for every value, one blank between words, and one `?` for a list of them. */
export function fingerprintOf(text: string): string {
  let out = '';
  let before = '';
  for (const { type, text: word } of lex(text.slice(0, fingerprintCharactersMax)).tokens) {
    if (type === 'EOF' || type === "';'") continue;
    const glued = out === '' || closing.has(type) || opening.has(before);
    out += `${glued ? '' : ' '}${literals.has(type) ? '?' : type === 'QUOTED_NAME' ? `"${word}"` : word}`;
    before = type;
  }
  return out.replace(/\?(?:, \?)+/g, '?');
}
