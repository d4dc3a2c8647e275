// How words sound: the terms of a phonetic index. A text of several words has the codes of its words, in their order.
import { doubleMetaphone } from 'double-metaphone';
import { metaphone } from 'metaphone';
import type { PhoneticAlgorithm } from '../schema/index.js';

const soundexDigits: Readonly<Record<string, string>> = {
  b: '1',
  f: '1',
  p: '1',
  v: '1',
  c: '2',
  g: '2',
  j: '2',
  k: '2',
  q: '2',
  s: '2',
  x: '2',
  z: '2',
  d: '3',
  t: '3',
  l: '4',
  m: '5',
  n: '5',
  r: '6',
};

/**
 * American Soundex: a letter and three digits. Letters of one digit that stand together, or with only h or w between them, count once.
 * Source: the rules of the United States National Archives.
 */
export function soundex(word: string): string {
  const letters = [...word];
  let code = letters[0]!.toUpperCase();
  let last = soundexDigits[letters[0]!] ?? '';
  for (const letter of letters.slice(1)) {
    const digit = soundexDigits[letter];
    if (digit !== undefined && digit !== last) code += digit;
    if (letter !== 'h' && letter !== 'w') last = digit ?? '';
  }
  return code.slice(0, 4).padEnd(4, '0');
}

/** In turn: what stands for what. Source: D. Hood, Caverphone Revisited (Caversham Project, CTP150804). */
const caverphoneRules: readonly (readonly [RegExp, string])[] = [
  [/e$/, ''],
  [/^cough/, 'cou2f'],
  [/^rough/, 'rou2f'],
  [/^tough/, 'tou2f'],
  [/^enough/, 'enou2f'],
  [/^trough/, 'trou2f'],
  [/^gn/, '2n'],
  [/mb$/, 'm2'],
  [/cq/g, '2q'],
  [/ci/g, 'si'],
  [/ce/g, 'se'],
  [/cy/g, 'sy'],
  [/tch/g, '2ch'],
  [/c/g, 'k'],
  [/q/g, 'k'],
  [/x/g, 'k'],
  [/v/g, 'f'],
  [/dg/g, '2g'],
  [/tio/g, 'sio'],
  [/tia/g, 'sia'],
  [/d/g, 't'],
  [/ph/g, 'fh'],
  [/b/g, 'p'],
  [/sh/g, 's2'],
  [/z/g, 's'],
  [/^[aeiou]/, 'A'],
  [/[aeiou]/g, '3'],
  [/j/g, 'y'],
  [/^y3/, 'Y3'],
  [/^y/, 'A'],
  [/y/g, '3'],
  [/3gh3/g, '3kh3'],
  [/gh/g, '22'],
  [/g/g, 'k'],
  [/s+/g, 'S'],
  [/t+/g, 'T'],
  [/p+/g, 'P'],
  [/k+/g, 'K'],
  [/f+/g, 'F'],
  [/m+/g, 'M'],
  [/n+/g, 'N'],
  [/w3/g, 'W3'],
  [/wh3/g, 'Wh3'],
  [/w$/, '3'],
  [/w/g, '2'],
  [/^h/, 'A'],
  [/h/g, '2'],
  [/r3/g, 'R3'],
  [/r$/, '3'],
  [/r/g, '2'],
  [/l3/g, 'L3'],
  [/l$/, '3'],
  [/l/g, '2'],
  [/2/g, ''],
  [/3$/, 'A'],
  [/3/g, ''],
];

/** Caverphone 2: ten characters. */
export function caverphone(word: string): string {
  const code = caverphoneRules.reduce((text, [from, to]) => text.replace(from, to), word);
  return code.padEnd(10, '1').slice(0, 10);
}

/** Codes of one word, in the small letters a to z: one, or two where it can be said in two ways. */
const codesOf: Readonly<Record<PhoneticAlgorithm, (word: string) => readonly string[]>> = {
  soundex: (word) => [soundex(word)],
  metaphone: (word) => [metaphone(word)],
  double_metaphone: (word) => doubleMetaphone(word),
  caverphone: (word) => [caverphone(word)],
};

/** Letters with marks are the letters; what is no letter of a to z parts words, but for apostrophes. */
function wordsOf(text: string): string[] {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}|['’]/gu, '')
    .toLowerCase();
  return plain.match(/[a-z]+/g) ?? [];
}

/** The codes of a text: two texts sound alike when one has a code of the other. None for a text without letters. */
export function phoneticCodes(algorithm: PhoneticAlgorithm, text: string): string[] {
  const words = wordsOf(text).map(codesOf[algorithm]);
  if (words.length === 0) return [];
  const first = words.map(([code]) => code!).join(' ');
  const second = words.map((codes) => codes.at(-1)!).join(' ');
  return first === second ? [first] : [first, second];
}
