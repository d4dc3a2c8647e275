// Rows that full-text searches find: the best first.
import { invalid } from '../../common/errors.js';
import { parseFulltext } from '../../index/index.js';
import { decodePosition, noLimit, rowName } from '../../storage/index.js';
import { sameBytes } from '../values.js';
import { FulltextSearch, type Hit, intersection } from './fulltext-search.js';
import { type Candidate, compareCandidates } from './index-candidates.js';
import { forget, lookUp } from './index-read.js';
import { builtSearches } from './index-search.js';
import type { PagingState } from './paging-state.js';
import type { RowPredicate } from './row-filter.js';
import type { SelectPlan } from './select-plan.js';
import { textOf } from './text-predicate.js';
import type { RowSource, SelectContext, SelectTarget, SourceRow } from './types.js';
import { inSlices } from './virtual-rows.js';

const batchRows = 128;

async function ranked(plan: SelectPlan, context: SelectContext, target: SelectTarget): Promise<Candidate[]> {
  builtSearches({ searches: plan.rankings.map(({ leaf }) => ({ ...leaf, of: 0 })), table: plan.table }, context);
  const { coordinator, read, nowSeconds, bind } = context;
  const found: ReadonlyMap<string, Hit>[] = [];
  for (const { conjunct, leaf } of plan.rankings) {
    const query = conjunct.term.bind(bind);
    if (!(query instanceof Uint8Array)) throw invalid(`Unsupported null value for column ${conjunct.column.name}`);
    const parsed = parseFulltext(leaf.index.fulltext!, textOf(query));
    if (parsed === null) return [];
    coordinator.noteIndexUse(leaf.index.index.id);
    found.push(await new FulltextSearch({ coordinator, read, nowSeconds }, leaf).run(parsed));
  }
  return [...intersection(found).values()]
    .filter(({ candidate }) => isWanted(plan, target, candidate))
    .sort((a, b) => b.score - a.score || compareCandidates(plan.table, a.candidate, b.candidate))
    .map(({ candidate }) => candidate);
}

function isWanted({ table }: SelectPlan, { partitions, slices }: SelectTarget, { token, key, clustering }: Candidate) {
  if (!inSlices(table, slices, clustering)) return false;
  if ('keys' in partitions) return partitions.keys.some((other) => sameBytes(other, key));
  const { start, startInclusive, end, endInclusive } = partitions.range;
  return (startInclusive ? token >= start : token > start) && (endInclusive ? token <= end : token < end);
}

type RankedRow = { readonly row: SourceRow; readonly rank: number };

async function* rankedRows(
  plan: SelectPlan,
  context: SelectContext,
  target: SelectTarget,
  state: PagingState | null,
): AsyncGenerator<RankedRow> {
  const matches: RowPredicate = target.matches ?? (() => true);
  const candidates = await ranked(plan, context, target);
  for (let at = startOf(plan, candidates, state); at < candidates.length; at += batchRows) {
    context.read.check?.();
    const batch = candidates.slice(at, at + batchRows);
    // Rows are read in the order of the table.
    const sorted = [...batch].sort((a, b) => compareCandidates(plan.table, a, b));
    const read = await lookUp(plan, context, target, sorted);
    const byCandidate = new Map(sorted.map((candidate, i) => [candidate, read[i]!]));
    const rows = batch.map((candidate) => byCandidate.get(candidate) ?? null);
    const stale = batch.filter(
      ({ leaf }, i) => rows[i] === null || leaf.own?.bind(context.bind)(rows[i]!.cells) === false,
    );
    if (stale.length > 0 && context.mayClean) await forget(context, stale);
    for (const [i, row] of rows.entries()) if (row !== null && matches(row.cells)) yield { row, rank: at + i };
  }
}

/** Behind the row that was given last; where that is gone, at its place. */
function startOf({ table }: SelectPlan, candidates: readonly Candidate[], state: PagingState | null): number {
  if (state === null || state.position.length === 0) return 0;
  const { key, clustering } = decodePosition(state.position);
  const name = rowName(table.clustering, key, clustering ?? []);
  const last = candidates.findIndex(
    (candidate) => rowName(table.clustering, candidate.key, candidate.clustering) === name,
  );
  return last >= 0 ? last + 1 : Math.min(state.givenInPartition, candidates.length);
}

/** The rows without their ranks, for aggregates. */
export async function* rankedSource(plan: SelectPlan, context: SelectContext, target: SelectTarget): RowSource {
  for await (const { row } of rankedRows(plan, context, target, null)) yield [row];
}

/** One page of rows. `next`: where the following begins, null when there is none. */
export async function rankedPage(
  plan: SelectPlan,
  context: SelectContext,
  target: SelectTarget,
  state: PagingState | null,
  limits: { readonly remaining: number; readonly pageSize: number },
): Promise<{ readonly rows: SourceRow[]; readonly next: PagingState | null }> {
  const wanted = Math.min(limits.remaining, limits.pageSize);
  const rows: SourceRow[] = [];
  let last: RankedRow | null = null;
  for await (const found of rankedRows(plan, context, target, state)) {
    if (rows.length === wanted) {
      const remaining = limits.remaining === noLimit ? noLimit : limits.remaining - wanted;
      const { row, rank } = last!;
      return { rows, next: { remaining, givenInPartition: rank + 1, shape: plan.shape, position: row.position } };
    }
    rows.push(found.row);
    last = found;
    if (rows.length === limits.remaining) break;
  }
  return { rows, next: null };
}
