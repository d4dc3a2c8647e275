// The options of a table from a WITH clause, checked as Cassandra 5.0's TableAttributes and TableParams check them.
import { configError, FerrosaError } from '../../common/errors.js';
import { javaHashOrder } from '../../common/java-hash.js';
import type { Options } from '../../cql/index.js';
import { defaultTableOptions } from '../build.js';
import type { TableOptions } from '../model.js';
import { compactionFromMap, validateCompaction } from './compaction.js';
import { compressionFromMap } from './compression.js';
import { javaDoubleText, Properties } from './properties.js';
import { retryPolicyText } from './retry-policy.js';

/** Longest TTL in seconds: 20 years. */
export const ttlSecondsMax = 630_720_000;
/** The smallest chance that a Bloom filter of the largest supported size has. */
const bloomFilterChanceMin = 6.71e-5;
/** Stands for what the compaction strategy has: written, or for want of another value. Source: TableParams.Builder. */
const bloomFilterChanceUnset = -1;

const knownOptions: ReadonlySet<string> = new Set([...Object.keys(defaultTableOptions), 'id', 'auto_repair']);
const uuidText = /^[0-9a-f]{1,8}-[0-9a-f]{1,4}-[0-9a-f]{1,4}-[0-9a-f]{1,4}-[0-9a-f]{1,12}$/i;

function cachingFromMap(given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { keys = 'NONE', rows_per_partition: rows = 'NONE', ...others } = given;
  const isWord = (text: string, word: string): boolean => text.toUpperCase() === word;
  if (!isWord(keys, 'ALL') && !isWord(keys, 'NONE'))
    throw configError(`Invalid value '${keys}' for caching sub-option 'keys': only 'ALL' and 'NONE' are allowed`);
  if (!isWord(rows, 'ALL') && !isWord(rows, 'NONE') && !/^\d+$/.test(rows))
    throw configError(
      `Invalid value '${rows}' for caching sub-option 'rows_per_partition': ` +
        "only 'ALL', 'NONE', and integer values are allowed",
    );
  const unknown = Object.keys(others);
  if (unknown.length > 0) {
    const names = javaHashOrder(unknown, Object.keys(given).length).join(', ');
    throw configError(`Invalid caching sub-options [${names}]: only 'keys' and 'rows_per_partition' are allowed`);
  }
  const number = Number(rows);
  if (number > 0x7fff_ffff) throw new FerrosaError('SERVER_ERROR', `For input string: "${rows}"`); // as Cassandra fails
  const text = isWord(rows, 'NONE') || number === 0 ? 'NONE' : isWord(rows, 'ALL') ? 'ALL' : String(number);
  return { keys: keys.toUpperCase(), rows_per_partition: text };
}

function readRepair(text: string): string {
  const upper = text.toUpperCase();
  if (upper !== 'NONE' && upper !== 'BLOCKING')
    // Cassandra has no check here and answers with a server error; the code is kept, the words are clearer.
    throw new FerrosaError('SERVER_ERROR', `Invalid value ${text} for option 'read_repair': NONE or BLOCKING`);
  return upper;
}

function memtable(text: string): string | null {
  if (text !== 'default') throw configError(`Memtable configuration "${text}" not found.`);
  return null;
}

type Reader = (given: Properties, name: string) => Partial<TableOptions>;

const readers: Readonly<Record<keyof TableOptions, Reader>> = {
  allow_auto_snapshot: (given, name) => ({ allow_auto_snapshot: given.boolean(name) ? null : false }),
  bloom_filter_fp_chance: (given, name) => ({ bloom_filter_fp_chance: given.double(name) }),
  caching: (given, name) => ({ caching: cachingFromMap(given.map(name)) }),
  comment: (given, name) => ({ comment: given.text(name) }),
  compaction: (given, name) => ({ compaction: compactionFromMap(given.map(name)) }),
  compression: (given, name) => ({ compression: compressionFromMap(given.map(name)) }),
  memtable: (given, name) => ({ memtable: memtable(given.text(name)) }),
  default_time_to_live: (given, name) => ({ default_time_to_live: given.integer(name) }),
  gc_grace_seconds: (given, name) => ({ gc_grace_seconds: given.integer(name) }),
  incremental_backups: (given, name) => ({ incremental_backups: given.boolean(name) ? null : false }),
  max_index_interval: (given, name) => ({ max_index_interval: given.integer(name) }),
  memtable_flush_period_in_ms: (given, name) => ({ memtable_flush_period_in_ms: given.integer(name) }),
  min_index_interval: (given, name) => ({ min_index_interval: given.integer(name) }),
  speculative_retry: (given, name) => ({ speculative_retry: retryPolicyText(given.text(name)) }),
  additional_write_policy: (given, name) => ({ additional_write_policy: retryPolicyText(given.text(name)) }),
  crc_check_chance: (given, name) => ({ crc_check_chance: given.double(name) }),
  cdc: (given, name) => ({ cdc: given.boolean(name) ? true : null }),
  read_repair: (given, name) => ({ read_repair: readRepair(given.text(name)) }),
  // Cassandra knows the name and leaves the value alone.
  extensions: () => ({}),
};

const atLeastZero = ['default_time_to_live', 'gc_grace_seconds', 'memtable_flush_period_in_ms'] as const;

function validate(options: TableOptions): void {
  validateCompaction(options.compaction);
  const bloom = options.bloom_filter_fp_chance;
  if (!(bloom > bloomFilterChanceMin && bloom <= 1)) {
    const range = `larger than ${javaDoubleText(bloomFilterChanceMin)} and less than or equal to 1.0`;
    throw configError(`bloom_filter_fp_chance must be ${range} (got ${javaDoubleText(bloom)})`);
  }
  const crc = options.crc_check_chance;
  if (crc < 0 || crc > 1)
    throw configError(
      'crc_check_chance must be larger than or equal to 0 and smaller than or equal to 1.0 ' +
        `(got ${javaDoubleText(crc)})`,
    );
  const ttl = options.default_time_to_live;
  if (ttl > ttlSecondsMax)
    throw configError(`default_time_to_live must be less than or equal to ${ttlSecondsMax} (got ${ttl})`);
  for (const name of atLeastZero)
    if (options[name] < 0) throw configError(`${name} must be greater than or equal to 0 (got ${options[name]})`);
  const { min_index_interval: min, max_index_interval: max } = options;
  if (min < 1) throw configError(`min_index_interval must be greater than or equal to 1 (got ${min})`);
  if (max < min)
    throw configError(`max_index_interval must be greater than or equal to min_index_interval (${min}) (got ${max})`);
}

/** The id with all its digits: Java takes UUIDs whose groups lack leading zeros. */
function fullUuid(text: string): string {
  const lengths = [8, 4, 4, 4, 12];
  const groups = text.toLowerCase().split('-');
  return groups.map((group, i) => group.padStart(lengths[i]!, '0')).join('-');
}

export type GivenTableOptions = {
  readonly options: TableOptions;
  /** The table's id when the statement gives one. */
  readonly id: string | null;
};

function readOptions(properties: Properties, base: TableOptions | null): TableOptions {
  let options: TableOptions = base ?? { ...defaultTableOptions, bloom_filter_fp_chance: bloomFilterChanceUnset };
  for (const [name, read] of Object.entries(readers))
    if (properties.has(name)) options = { ...options, ...read(properties, name) };
  if (options.bloom_filter_fp_chance !== bloomFilterChanceUnset) return options;
  // Leveled tables get more false positives and less memory unless the statement says otherwise.
  const isLeveled = options.compaction['class']!.endsWith('.LeveledCompactionStrategy');
  return { ...options, bloom_filter_fp_chance: isLeveled ? 0.1 : defaultTableOptions.bloom_filter_fp_chance };
}

/** Reads the values without a look at names and ranges, which Cassandra checks later. @throws FerrosaError */
export function checkOptionSyntax(given: Options): void {
  readOptions(new Properties(given, null), null);
}

/**
 * Options of a table after a WITH clause.
 * @param base  what they were before (ALTER), or null for a new table
 * @throws FerrosaError SYNTAX_ERROR, CONFIG_ERROR
 */
export function tableOptionsFrom(given: Options, base: TableOptions | null): GivenTableOptions {
  const properties = new Properties(given, knownOptions);
  if (properties.has('auto_repair'))
    throw configError(
      'auto_repair option is not supported unless auto-repair is enabled with -Dcassandra.autorepair.enable=true',
    );
  // Also for ALTER the given values must make sense beside the defaults of all others, and need not beside the table's own.
  const fresh = readOptions(properties, null);
  validate(fresh);
  const options = base === null ? fresh : readOptions(properties, base);
  const id = properties.has('id') ? properties.text('id') : null;
  if (id !== null && !uuidText.test(id)) throw configError('Invalid table id');
  return { options, id: id === null ? null : fullUuid(id) };
}
