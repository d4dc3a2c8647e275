// What a storage-attached index makes of text before it compares: Cassandra's NonTokenizingAnalyzer.
import { analysisOf, type IndexDefinition } from '../schema/index.js';

/** Serialized text in, serialized text out. */
export type Analyzer = (value: Uint8Array) => Uint8Array;

/** Letters that stand for others below U+0080, as Lucene's ASCIIFoldingFilter has them, beyond what decomposition gives. */
const foldings: Readonly<Record<string, string>> = {
  ß: 'ss',
  ẞ: 'SS',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  Ð: 'D',
  þ: 'th',
  Þ: 'TH',
  ł: 'l',
  Ł: 'L',
  ı: 'i',
  ħ: 'h',
  Ħ: 'H',
  ŋ: 'n',
  Ŋ: 'N',
  ŧ: 't',
  Ŧ: 'T',
  ĸ: 'q',
  ſ: 's',
  '‘': "'",
  '’': "'",
  '‚': "'",
  '‛': "'",
  '‹': "'",
  '›': "'",
  '“': '"',
  '”': '"',
  '„': '"',
  '«': '"',
  '»': '"',
  '‐': '-',
  '‑': '-',
  '‒': '-',
  '–': '-',
  '—': '-',
};

function foldCharacter(character: string): string {
  const known = foldings[character];
  if (known !== undefined) return known;
  if (character.charCodeAt(0) < 0x80) return character;
  // A letter with marks is its letter when that is ASCII.
  const base = character.normalize('NFKD').replace(/\p{M}/gu, '');
  return base !== '' && /^[\x20-\x7e]+$/.test(base) ? base : character;
}

const foldToAscii = (text: string): string => [...text].map(foldCharacter).join('');

/** The analysis of an index, null when it has none. Order as Cassandra's: case, normal form C, ASCII. */
export function analyzerOf(index: IndexDefinition): Analyzer | null {
  const analysis = analysisOf(index.options);
  if (analysis === null) return null;
  const { caseSensitive, normalize, ascii } = analysis;
  if (caseSensitive && !normalize && !ascii) return null;
  return (value) => {
    let text = Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8');
    if (!caseSensitive) text = text.toLowerCase();
    if (normalize) text = text.normalize('NFC');
    if (ascii) text = foldToAscii(text);
    return new Uint8Array(Buffer.from(text, 'utf8'));
  };
}
