// A statement's shape: what is left of its text without the values in it, so that statements that differ by them only are one.
import { lex } from './lexer.js';

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
