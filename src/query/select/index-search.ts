// Opens the searches of a statement: streams of candidates in the order of its rows, of one index or of several.
import { FerrosaError } from '../../common/errors.js';
import type { TableDefinition } from '../../schema/index.js';
import type { BindContext } from '../terms/term.js';
import {
  type CandidateRange,
  type CandidateSource,
  type CandidateStream,
  IntersectionStream,
  PointStream,
  SortedStream,
  UnionStream,
} from './index-candidates.js';
import { type IndexSearch, indexesOf } from './index-drivers.js';
import type { SelectPlan } from './select-plan.js';
import type { SelectContext } from './types.js';

/** Entries of an index that may be looked up one by one before a second index is asked as well. */
const intersectAbove = 256;

export type OpenSearch = {
  readonly stream: CandidateStream;
  /** Candidates name rows; otherwise partitions. */
  readonly ofRows: boolean;
};

/** @throws FerrosaError READ_FAILURE when no search of the statement has its indexes built */
export function builtSearches(
  { searches, table }: Pick<SelectPlan, 'searches' | 'table'>,
  { coordinator, read }: SelectContext,
): IndexSearch[] {
  const isBuilt = (search: IndexSearch): boolean =>
    search.kind === 'leaf'
      ? coordinator.isIndexBuilt(search.index.index.id)
      : search.branches.every((branch) => branch.some(isBuilt));
  const built = searches.filter(isBuilt);
  if (built.length > 0 || searches.length === 0) return built;
  const names = [...new Set(searches.flatMap(indexesOf).map(({ index }) => index.name))].join(', ');
  throw new FerrosaError(
    'READ_FAILURE',
    'Operation failed - received 0 responses and 1 failures: INDEX_NOT_AVAILABLE ' +
      `(${names} of ${table.keyspace}.${table.name} is being built)`,
    { consistency: read.consistency, received: 0, blockFor: 1, failures: 1, dataPresent: false },
  );
}

/** Opens searches of one execution. */
export class SearchOpener {
  constructor(
    private readonly table: TableDefinition,
    private readonly context: SelectContext,
    private readonly source: CandidateSource,
    private readonly where: Omit<CandidateRange, 'wholePartitions'>,
  ) {}

  /**
   * The best of the searches, and those that shorten what it gives: a second index is asked when the first has many entries. Null when each
   * has too many, so that the table is to be scanned.
   * @param built  the best first
   */
  async open(built: readonly IndexSearch[]): Promise<OpenSearch | null> {
    for (const search of built) {
      const stream = await this.#stream(search, false);
      if (stream === null) continue;
      const ofRows = isOfRows(search);
      if (!(stream instanceof PointStream) || !ofRows) return { stream, ofRows };
      return { stream: await this.#narrowed(stream, built, search), ofRows };
    }
    return null;
  }

  async #narrowed(first: PointStream, built: readonly IndexSearch[], search: IndexSearch): Promise<CandidateStream> {
    const taken = new Set([search.of]);
    const streams: PointStream[] = [first];
    await first.fill(intersectAbove);
    if (first.isComplete) return first;
    for (const other of built) {
      if (taken.has(other.of) || other.kind !== 'leaf' || !isOfRows(other)) continue;
      const stream = await this.#stream(other, false);
      if (!(stream instanceof PointStream)) continue;
      taken.add(other.of);
      await stream.fill(intersectAbove);
      if (stream.isComplete) return stream;
      streams.push(stream);
    }
    return streams.length === 1 ? first : new IntersectionStream(this.table, streams);
  }

  /** @param wholePartitions  what it gives stands for partitions */
  async #stream(search: IndexSearch, wholePartitions: boolean): Promise<CandidateStream | null> {
    const { table, source } = this;
    const where = { ...this.where, wholePartitions };
    if (search.kind === 'any') {
      const whole = wholePartitions || !isOfRows(search);
      const streams = await Promise.all(search.branches.map((branch) => this.#stream(this.#best(branch), whole)));
      if (streams.includes(null)) return null;
      return new UnionStream(table, streams as CandidateStream[]);
    }
    this.context.coordinator.noteIndexUse(search.index.index.id);
    const { ranges, arePoints, accepts } = search.terms(this.#bind);
    if (!arePoints) return SortedStream.gather(table, source, search, ranges, accepts, where);
    const points = ranges.map((range) => new PointStream(table, source, search, range, where));
    return points.length === 1 ? points[0]! : new UnionStream(table, points);
  }

  get #bind(): BindContext {
    return this.context.bind;
  }

  #best(branch: readonly IndexSearch[]): IndexSearch {
    const { coordinator } = this.context;
    return branch.find((search) => indexesOf(search).every(({ index }) => coordinator.isIndexBuilt(index.id)))!;
  }
}

/** What any branch finds by partition, all find by partition. */
function isOfRows(search: IndexSearch): boolean {
  if (search.kind === 'leaf') return search.index.ofRows;
  return search.branches.every((branch) => branch.every(isOfRows));
}
