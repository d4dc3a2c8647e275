// What a full-text index makes of texts and of what is searched for, and how words sound.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodePosting, encodePosting } from '../../../src/index/fulltext/entries.js';
import { matchesFulltext, parseFulltext, placesOf, tokensOf } from '../../../src/index/index.js';
import { phoneticCodes } from '../../../src/index/phonetic.js';

const standard = { analyzer: 'standard', stemming: true, stopWords: true, k1: 1.2, b: 0.75 } as const;
const simple = { ...standard, analyzer: 'simple', stemming: false, stopWords: false } as const;

const terms = (settings: typeof standard | typeof simple, text: string): string[] =>
  tokensOf(settings, text).map(({ term, position }) => `${term}@${position}`);
const holds = (query: string, text: string): boolean => {
  const parsed = parseFulltext(standard, query);
  return parsed !== null && matchesFulltext(parsed, placesOf(tokensOf(standard, text)));
};

test('the standard analyzer leaves out stop words, keeps their places, and takes the ends off words', () => {
  assert.deepEqual(terms(standard, 'The running of the Dogs'), ['run@1', 'dog@4']);
  assert.deepEqual(terms(simple, 'The running of the Dogs'), ['the@0', 'running@1', 'of@2', 'the@3', 'dogs@4']);
  assert.deepEqual(terms(standard, "John's cafés, ÜBER ２００"), ['john@0', 'cafés@1', 'über@2', '200@3']);
  assert.deepEqual(tokensOf({ ...standard, analyzer: 'keyword' }, 'The Whole'), [{ term: 'the whole', position: 0 }]);
});

test('words, phrases, beginnings and operators say what matches', () => {
  const text = 'Distributed systems store the data in sorted tables';
  for (const query of [
    'distributed',
    'store AND table',
    'nothing OR sort',
    '"distributed system"',
    'distr*',
    'data -graph',
    'data -(graph OR tree)',
    'data -"system distributed"',
    '--data',
  ])
    assert.ok(holds(query, text), query);
  for (const query of [
    'graph',
    'store AND graph',
    '"system distributed"',
    'distx*',
    'data NOT table',
    'data -tables',
    'data -(tables)',
    'data -"distributed systems"',
  ])
    assert.ok(!holds(query, text), query);
  assert.ok(holds('"store the data"', text), 'a stop word keeps the place of another word');
  assert.ok(!holds('"store data"', text));
  assert.ok(holds('(graph OR data) AND (sorted OR tree)', text));
  assert.ok(!holds('the', text), 'a stop word alone asks nothing');
});

test('what is no query is refused', () => {
  for (const query of ['(a', 'a)', 'a AND', '"open', 'OR b', 'NOT'])
    assert.throws(() => parseFulltext(simple, query), query);
  assert.throws(() => parseFulltext(simple, `${'-'.repeat(100_000)}a`), /More than 1024 words/);
  assert.equal(parseFulltext(standard, '   '), null);
});

test('the entry of a word is read as it was written', () => {
  const places = fc.uniqueArray(fc.nat(3_000_000)).map((all) => all.sort((a, b) => a - b));
  fc.assert(
    fc.property(fc.nat(10_000_000), places, (length, at) => {
      assert.deepEqual(decodePosting(encodePosting({ length, places: at })), { length, places: at });
    }),
  );
});

test('names have the codes of each algorithm', () => {
  const codes = (algorithm: Parameters<typeof phoneticCodes>[0], name: string) => phoneticCodes(algorithm, name);
  assert.deepEqual(
    ['Robert', 'Rupert', 'Rubin', 'Ashcraft', 'Tymczak', 'Pfister', 'Honeyman'].map(
      (name) => codes('soundex', name)[0],
    ),
    ['R163', 'R163', 'R150', 'A261', 'T522', 'P236', 'H555'],
  );
  assert.deepEqual(
    ['Stevenson', 'Peter', 'Whittle'].map((name) => codes('caverphone', name)[0]),
    ['STFNSN1111', 'PTA1111111', 'WTA1111111'],
  );
  assert.deepEqual(codes('double_metaphone', 'Schmidt'), ['XMT', 'SMT']);
  assert.deepEqual(codes('double_metaphone', 'Müller Smith'), ['MLR SM0', 'MLR XMT']);
  assert.deepEqual(codes('metaphone', 'Philip'), codes('metaphone', 'Filip'));
  assert.deepEqual(codes('soundex', '12 + 3'), []);
});
