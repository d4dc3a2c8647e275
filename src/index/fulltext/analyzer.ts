// What a full-text index makes of a text: words, each with its place.
import { stemmer } from 'stemmer';
import type { FulltextSettings } from '../../schema/index.js';

export type Token = { readonly term: string; readonly position: number };

/** Longer ones are left out: nobody asks for them. In UTF-16 units. */
const tokenLengthMax = 255;

/** Lucene's English stop words. */
const stopWords = new Set(
  (
    'a an and are as at be but by for if in into is it no not of on or such that the their then there these they this ' +
    'to was will with'
  ).split(' '),
);

/** Letters and digits with the marks that belong to them; an apostrophe within is none of their ends. */
const wordPattern = /[\p{L}\p{N}_]+(?:['’][\p{L}\p{N}_]+)*\p{M}*/gu;

/** The words of a text. A word that is left out keeps its place, so that phrases do not close over it. */
export function tokensOf(settings: FulltextSettings, text: string): Token[] {
  const folded = text.normalize('NFKC').toLowerCase();
  if (settings.analyzer === 'keyword') return folded === '' ? [] : [{ term: folded, position: 0 }];
  const tokens: Token[] = [];
  let position = 0;
  for (const [word] of folded.matchAll(wordPattern)) {
    const at = position++;
    if (word.length > tokenLengthMax || (settings.stopWords && stopWords.has(word))) continue;
    const plain = word.replace(/['’]s$|['’]/g, '');
    const term = settings.stemming && /^[a-z]+$/.test(plain) ? stemmer(plain) : plain;
    if (term !== '') tokens.push({ term, position: at });
  }
  return tokens;
}

/** Places by term, ascending. */
export function placesOf(tokens: readonly Token[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const { term, position } of tokens) {
    const known = places.get(term);
    if (known === undefined) places.set(term, [position]);
    else known.push(position);
  }
  return places;
}
