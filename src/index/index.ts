// Secondary indexes: the tables that hold their entries, and the entries of what is written.
export { type Analyzer, analyzerOf } from './analyzer.js';
export { EntryWriter, type Expiry, indexMutations, type NowMicros } from './entries.js';
export { placesOf, tokensOf } from './fulltext/analyzer.js';
export { addText, decodePosting, type Posting } from './fulltext/entries.js';
export { type FulltextQuery, matchesFulltext, parseFulltext, phraseCount } from './fulltext/query.js';
export { entryColumns, type IndexTable, indexTablesOf } from './index-table.js';
export { type IndexOperator, operatorsOf } from './operators.js';
export { decidingColumns, needsRows, rowIndexMutations, termsOfRow } from './row-entries.js';
export { checkComparable, floatsOf } from './vectors.js';
