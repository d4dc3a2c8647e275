// Searches a full-text index: which texts match, and how well (BM25).
import { invalid } from '../../common/errors.js';
import { fulltextPostingsMax } from '../../common/limits.js';
import { decodePosting, entryColumns, type FulltextQuery, type Posting, phraseCount } from '../../index/index.js';
import {
  type ClusteringSlice,
  cellsOf,
  encodeReadCommand,
  FoldKind,
  RowStream,
  rowName,
  rowsOf,
  Selected,
} from '../../storage/index.js';
import { decodeVarint } from '../../types/index.js';
import { foldRowsMax, readBytesMax } from '../coordinator-limits.js';
import { readInt64 } from '../values.js';
import type { Candidate, CandidateSource } from './index-candidates.js';
import type { IndexLeaf } from './index-drivers.js';
import { afterPrefix } from './like-pattern.js';

/** A text that matches. */
export type Hit = { readonly candidate: Candidate; readonly score: number };

type Entry = { readonly candidate: Candidate; readonly posting: Posting };
/** By the name of the row. */
type Hits = ReadonlyMap<string, Hit>;

const pageRows = 5_000;
const utf8 = new TextEncoder();
const emptyTerm = new Uint8Array(0);

const sliceOfTerm = (term: Uint8Array): ClusteringSlice => ({
  start: [term],
  startInclusive: true,
  end: [term],
  endInclusive: true,
});

/** The search of one query in one index. */
export class FulltextSearch {
  #texts = 0;
  #lengthMean = 0;
  #read = 0;

  constructor(
    private readonly source: CandidateSource,
    private readonly leaf: IndexLeaf,
  ) {}

  /** Texts that match by the name of their row. @throws FerrosaError INVALID when more entries are to be read than may be held */
  async run(query: FulltextQuery): Promise<Hits> {
    await this.#count();
    return this.#texts === 0 ? new Map() : this.#hits(query);
  }

  /** How many texts there are, and their mean length in words. */
  async #count(): Promise<void> {
    const { table, tableId } = this.leaf.index;
    const { coordinator, nowSeconds, read } = this.source;
    let length = 0;
    for (const bucket of coordinator.indexBuckets) {
      let startAfter: Uint8Array | null = null;
      do {
        read.check?.();
        const command = encodeReadCommand({
          tableId,
          nowSeconds,
          columns: [{ what: Selected.value, which: table.columns.get(entryColumns.length)!.id }],
          partitions: { keys: [bucket.key] },
          slices: [sliceOfTerm(emptyTerm)],
          folds: [
            { kind: FoldKind.values, column: 0 },
            { kind: FoldKind.sum, column: 0 },
          ],
          rowLimit: foldRowsMax,
          bytesLimit: readBytesMax,
          startAfter,
        });
        const stream: RowStream = new RowStream(await coordinator.read({ command, tokens: [bucket.token] }, read));
        for (const partition of stream.partitions())
          for (const row of rowsOf(partition, 2)) {
            const [texts, sum] = cellsOf(row.cells, 2);
            this.#texts += texts == null ? 0 : Number(readInt64(texts));
            length += sum == null ? 0 : Number(decodeVarint(sum));
          }
        startAfter = stream.position?.slice() ?? null;
      } while (startAfter !== null);
    }
    this.#lengthMean = this.#texts === 0 ? 0 : length / this.#texts;
  }

  /** The entries in a slice of terms, by term. */
  async #entries(slice: ClusteringSlice): Promise<Map<string, Map<string, Entry>>> {
    const { leaf, source } = this;
    const { table, tableId, termCount } = leaf.index;
    const posting = table.columns.get(entryColumns.permanent)!.id;
    const columns = [
      ...table.clustering.map((_, which) => ({ what: Selected.clustering, which })),
      { what: Selected.value, which: posting },
      { what: Selected.writetime, which: posting },
    ];
    // Before them stand the term, the token and the key.
    const ofBase = table.clustering.slice(termCount + 2);
    const byTerm = new Map<string, Map<string, Entry>>();
    for (const [number, bucket] of source.coordinator.indexBuckets.entries()) {
      let startAfter: Uint8Array | null = null;
      do {
        source.read.check?.();
        const command = encodeReadCommand({
          tableId,
          nowSeconds: source.nowSeconds,
          columns,
          partitions: { keys: [bucket.key] },
          slices: [slice],
          rowLimit: pageRows,
          bytesLimit: readBytesMax,
          startAfter,
        });
        const bytes = await source.coordinator.read({ command, tokens: [bucket.token] }, source.read);
        const stream: RowStream = new RowStream(bytes);
        for (const partition of stream.partitions())
          for (const row of rowsOf(partition, columns.length)) {
            const cells = cellsOf(row.cells, columns.length);
            const value = cells.at(-2)!;
            const writtenAt = cells.at(-1)!;
            if (value === null || writtenAt === null) continue;
            const candidate: Candidate = {
              leaf,
              term: [cells[0]!],
              token: readInt64(cells[termCount]!),
              key: cells[termCount + 1]!,
              clustering: cells.slice(termCount + 2, -2),
              bucket: number,
              writtenAt: readInt64(writtenAt),
            };
            const term = Buffer.from(cells[0]!).toString('utf8');
            const known = byTerm.get(term) ?? new Map<string, Entry>();
            const name = rowName(ofBase, candidate.key, candidate.clustering);
            byTerm.set(term, known.set(name, { candidate, posting: decodePosting(value) }));
            if (++this.#read > fulltextPostingsMax)
              throw invalid(`A search of full text reads at most ${fulltextPostingsMax} entries: ask for rarer words`);
          }
        startAfter = stream.position?.slice() ?? null;
      } while (startAfter !== null);
    }
    return byTerm;
  }

  async #entriesOf(term: string): Promise<Map<string, Entry>> {
    return (await this.#entries(sliceOfTerm(utf8.encode(term)))).get(term) ?? new Map();
  }

  /** Robertson and Zaragoza, The Probabilistic Relevance Framework (2009); the weight of a word as Lucene has it, which is never negative. */
  #weight(textsWith: number): number {
    return Math.log(1 + (this.#texts - textsWith + 0.5) / (textsWith + 0.5));
  }

  #score(weight: number, count: number, length: number): number {
    const { k1, b } = this.leaf.index.fulltext!;
    const share = this.#lengthMean === 0 ? 1 : length / this.#lengthMean;
    return (weight * count * (k1 + 1)) / (count + k1 * (1 - b + b * share));
  }

  #scored(entries: ReadonlyMap<string, Entry>): Hits {
    const weight = this.#weight(entries.size);
    const hits = new Map<string, Hit>();
    for (const [name, { candidate, posting }] of entries)
      hits.set(name, { candidate, score: this.#score(weight, posting.places.length, posting.length) });
    return hits;
  }

  async #hits(query: FulltextQuery): Promise<Hits> {
    switch (query.kind) {
      case 'term':
        return this.#scored(await this.#entriesOf(query.term));
      case 'prefix': {
        const start = utf8.encode(query.prefix);
        const after = afterPrefix(start);
        const end = after === null ? [] : [after];
        const byTerm = await this.#entries({ start: [start], startInclusive: true, end, endInclusive: after === null });
        return union([...byTerm.values()].map((entries) => this.#scored(entries)));
      }
      case 'phrase':
        return this.#phrase(query.terms);
      case 'or':
        return union(await this.#each(query.of));
      case 'and': {
        const wanted = query.of.filter(({ kind }) => kind !== 'not');
        const found = wanted.length === 0 ? [await this.#all()] : await this.#each(wanted);
        const without = await this.#each(query.of.flatMap((one) => (one.kind === 'not' ? [one.of] : [])));
        return subtract(intersection(found), without);
      }
      case 'not':
        return subtract(await this.#all(), [await this.#hits(query.of)]);
    }
  }

  async #each(queries: readonly FulltextQuery[]): Promise<Hits[]> {
    const all: Hits[] = [];
    for (const query of queries) all.push(await this.#hits(query));
    return all;
  }

  /** Every text, for what is asked by NOT alone. */
  async #all(): Promise<Hits> {
    const entries = await this.#entriesOf('');
    return new Map([...entries].map(([name, { candidate }]) => [name, { candidate, score: 0 }]));
  }

  async #phrase(terms: Extract<FulltextQuery, { kind: 'phrase' }>['terms']): Promise<Hits> {
    const byTerm = new Map<string, Map<string, Entry>>();
    for (const { term } of terms) if (!byTerm.has(term)) byTerm.set(term, await this.#entriesOf(term));
    const weight = terms.reduce((sum, { term }) => sum + this.#weight(byTerm.get(term)!.size), 0);
    const hits = new Map<string, Hit>();
    for (const [name, { candidate, posting }] of byTerm.get(terms[0]!.term)!) {
      const count = phraseCount(terms, (term) => byTerm.get(term)!.get(name)?.posting.places);
      if (count > 0) hits.set(name, { candidate, score: this.#score(weight, count, posting.length) });
    }
    return hits;
  }
}

function union(all: readonly Hits[]): Hits {
  const hits = new Map<string, Hit>();
  for (const some of all)
    for (const [name, hit] of some) {
      const known = hits.get(name);
      hits.set(name, known === undefined ? hit : { ...known, score: known.score + hit.score });
    }
  return hits;
}

/** What is in each, with the sum of its scores. */
export function intersection(all: readonly Hits[]): Hits {
  const [first, ...others] = [...all].sort((a, b) => a.size - b.size);
  const hits = new Map<string, Hit>();
  for (const [name, hit] of first ?? []) {
    const rest = others.map((other) => other.get(name));
    if (rest.includes(undefined)) continue;
    hits.set(name, { ...hit, score: rest.reduce((sum, other) => sum + other!.score, hit.score) });
  }
  return hits;
}

function subtract(from: Hits, without: readonly Hits[]): Hits {
  return new Map([...from].filter(([name]) => !without.some((some) => some.has(name))));
}
