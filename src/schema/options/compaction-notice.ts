// What a client is told about a table whose compaction class is accepted and stored, and not carried out as such.
import type { OptionMap } from './compaction.js';

const carriedOut = 'SizeTieredCompactionStrategy';

/** A warning for CREATE and ALTER; none for the strategy that is there. */
export function compactionWarnings(compaction: OptionMap, table: string): readonly string[] {
  const name = (compaction['class'] ?? carriedOut).split('.').at(-1)!;
  if (name === carriedOut) return [];
  return [
    `${name} is not there yet: ${table} keeps the option and is compacted as with ${carriedOut}, ` +
      'with its thresholds, bucket and tombstone options.',
  ];
}
