// The full-text searches of a statement, which give its rows their rank.
import type { PatternConjunct } from '../restrictions/conjuncts.js';
import type { StatementRestrictions } from '../restrictions/statement-restrictions.js';
import type { IndexLeaf, IndexSearch } from './index-drivers.js';

/** One fts_match of a statement. */
export type Ranking = { readonly conjunct: PatternConjunct; readonly leaf: IndexLeaf };

/** The searches that rank the rows of a statement; empty: it has none. */
export function planRankings(restrictions: StatementRestrictions, searches: readonly IndexSearch[]): Ranking[] {
  return restrictions.extras.flatMap((conjunct) => {
    if (conjunct.kind !== 'pattern' || conjunct.op !== 'MATCHES') return [];
    const leaf = searches.find(
      (search): search is IndexSearch & IndexLeaf =>
        search.kind === 'leaf' && search.index.kind === 'fulltext' && search.index.target.column === conjunct.column,
    );
    return leaf === undefined ? [] : [{ conjunct, leaf }];
  });
}
