// The compaction option of a table: strategy classes and what each understands, in the words of Cassandra 5.0.
import { configError } from '../../common/errors.js';
import { javaHashOrder } from '../../common/java-hash.js';
import { checkUnified } from './compaction-unified.js';
import { javaDoubleText, parseJavaDouble, parseJavaInteger } from './properties.js';

export type OptionMap = Readonly<Record<string, string>>;

const compactionPackage = 'org.apache.cassandra.db.compaction.';
const longMax = 2n ** 63n - 1n;
/** Levels of leveled compaction below level 0. */
const levelsBelowZero = 8n;

const commonOptions = [
  'tombstone_threshold',
  'tombstone_compaction_interval',
  'unchecked_tombstone_compaction',
  'log_all',
  'enabled',
  'only_purge_repaired_tombstones',
  'provide_overlapping_tombstones',
];
const sizeTieredOptions = ['min_sstable_size', 'bucket_low', 'bucket_high'];
const thresholds = ['min_threshold', 'max_threshold'];

type Strategy = { readonly options: readonly string[]; readonly check: (options: OptionMap) => void };

const strategies: Readonly<Record<string, Strategy>> = {
  SizeTieredCompactionStrategy: { options: [...sizeTieredOptions, ...thresholds], check: checkSizeTiered },
  LeveledCompactionStrategy: {
    options: [...sizeTieredOptions, ...thresholds, 'sstable_size_in_mb', 'fanout_size', 'single_sstable_uplevel'],
    check: checkLeveled,
  },
  TimeWindowCompactionStrategy: {
    options: [
      ...sizeTieredOptions,
      ...thresholds,
      'compaction_window_size',
      'compaction_window_unit',
      'timestamp_resolution',
      'expired_sstable_check_frequency_seconds',
      'unsafe_aggressive_sstable_expiration',
    ],
    check: checkTimeWindow,
  },
  UnifiedCompactionStrategy: {
    options: [
      'scaling_parameters',
      'base_shard_count',
      'target_sstable_size',
      'flush_size_override',
      'max_sstables_to_compact',
      'expired_sstable_check_frequency_seconds',
      'unsafe_aggressive_sstable_expiration',
      'overlap_inclusion_method',
      'min_sstable_size',
      'sstable_growth',
    ],
    check: checkUnified,
  },
};

const isBoolean = (text: string): boolean => /^(true|false)$/i.test(text);
const notInt = (text: string, name: string) => configError(`${text} is not a parsable int (base10) for ${name}`);

function checkCommon(options: OptionMap): void {
  const threshold = options['tombstone_threshold'];
  if (threshold !== undefined) {
    const value = parseJavaDouble(threshold);
    if (value === null) throw notInt(threshold, 'tombstone_threshold');
    if (value < 0) throw configError(`tombstone_threshold must be greater than 0, but was ${value.toFixed(6)}`);
  }
  const interval = options['tombstone_compaction_interval'];
  if (interval !== undefined) {
    const value = parseJavaInteger(interval, 64);
    if (value === null) throw notInt(interval, 'tombstone_compaction_interval');
    if (value < 0n) throw configError(`tombstone_compaction_interval must be greater than 0, but was ${value}`);
  }
  const unchecked = options['unchecked_tombstone_compaction'];
  if (unchecked !== undefined && !isBoolean(unchecked))
    throw configError(`'unchecked_tombstone_compaction' should be either 'true' or 'false', not '${unchecked}'`);
  const logAll = options['log_all'];
  if (logAll !== undefined && !isBoolean(logAll))
    throw configError(`'log_all' should either be 'true' or 'false', not ${logAll}`);
  const enabled = options['enabled'];
  if (enabled !== undefined && !isBoolean(enabled))
    throw configError(`enabled should either be 'true' or 'false', not ${enabled}`);
}

function sizeTieredDouble(options: OptionMap, name: string, fallback: number): number {
  const text = options[name];
  if (text === undefined) return fallback;
  const value = parseJavaDouble(text);
  if (value === null) throw configError(`${text} is not a parsable float for ${name}`);
  return value;
}

function checkSizeTiered(options: OptionMap): void {
  const size = options['min_sstable_size'];
  if (size !== undefined) {
    const value = parseJavaInteger(size, 64);
    if (value === null) throw notInt(size, 'min_sstable_size');
    if (value < 0n) throw configError(`min_sstable_size must be non negative: ${value}`);
  }
  const low = sizeTieredDouble(options, 'bucket_low', 0.5);
  const high = sizeTieredDouble(options, 'bucket_high', 1.5);
  if (high <= low) {
    const [highText, lowText] = [javaDoubleText(high), javaDoubleText(low)];
    throw configError(`bucket_high value (${highText}) is less than or equal to the bucket_low value (${lowText})`);
  }
}

function positiveInt(options: OptionMap, name: string, fallback: bigint): bigint {
  const text = options[name];
  if (text === undefined) return fallback;
  const value = parseJavaInteger(text);
  if (value === null) throw notInt(text, name);
  if (value < 1n) throw configError(`${name} must be larger than 0, but was ${value}`);
  return value;
}

function checkLeveled(options: OptionMap): void {
  const sstableMiB = positiveInt(options, 'sstable_size_in_mb', 1n);
  const fanout = positiveInt(options, 'fanout_size', 10n);
  const levelBytes = fanout ** levelsBelowZero * sstableMiB * 1024n * 1024n;
  if (levelBytes > longMax)
    throw configError(
      `At most ${longMax} bytes may be in a compaction level; ` +
        `your maxSSTableSize must be absurdly high to compute ${levelBytes}`,
    );
  checkSizeTiered(options);
}

function checkWindow(options: OptionMap): void {
  const resolution = options['timestamp_resolution'];
  if (resolution !== undefined && !['SECONDS', 'MILLISECONDS', 'MICROSECONDS', 'NANOSECONDS'].includes(resolution))
    throw configError(`${resolution} is not valid for timestamp_resolution`);
  const unit = options['compaction_window_unit'];
  if (unit !== undefined && !['MINUTES', 'HOURS', 'DAYS'].includes(unit))
    throw configError(`${unit} is not valid for compaction_window_unit`);
  const size = options['compaction_window_size'];
  if (size !== undefined) {
    const value = parseJavaInteger(size);
    if (value === null) throw notInt(size, 'compaction_window_size');
    if (value < 1n) throw configError(`${value} must be greater than 1 for compaction_window_size`);
  }
}

function checkTimeWindow(options: OptionMap): void {
  checkWindow(options);
  const frequencyName = 'expired_sstable_check_frequency_seconds';
  const frequency = options[frequencyName];
  if (frequency !== undefined) {
    const value = parseJavaInteger(frequency, 64);
    if (value === null) throw notInt(frequency, frequencyName);
    if (value < 0n) throw configError(`${frequencyName} must not be negative, but was ${value}`);
  }
  const unsafeName = 'unsafe_aggressive_sstable_expiration';
  const unsafe = options[unsafeName];
  if (unsafe !== undefined && !isBoolean(unsafe))
    throw configError(`${unsafeName} is not 'true' or 'false' (${unsafe})`);
  if (unsafe?.toLowerCase() === 'true')
    throw configError(
      `${unsafeName} is requested but not allowed, restart cassandra with ` +
        `-Dcassandra.allow_unsafe_aggressive_sstable_expiration=true to allow it`,
    );
  checkSizeTiered(options);
}

function checkThresholds(options: OptionMap): void {
  for (const name of thresholds) {
    const text = options[name];
    if (text !== undefined && !/^\d+$/.test(text))
      throw configError(`Invalid value ${text} for '${name}' compaction sub-option - must be an integer`);
  }
  const min = Number(options['min_threshold'] ?? 4);
  const max = Number(options['max_threshold'] ?? 32);
  if (min <= 0 || max <= 0)
    throw configError(
      'Disabling compaction by setting compaction thresholds to 0 has been removed, ' +
        "set the compaction option 'enabled' to false instead.",
    );
  if (min <= 1) throw configError(`Min compaction threshold cannot be less than 2 (got ${min})`);
  if (min > max)
    throw configError(
      `Min compaction threshold (got ${min}) cannot be greater than max compaction threshold (got ${max})`,
    );
}

function strategyName(className: string): string {
  const full = className.includes('.') ? className : compactionPackage + className;
  const short = full.startsWith(compactionPackage) ? full.slice(compactionPackage.length) : '';
  if (Object.hasOwn(strategies, short)) return short;
  throw configError(`Unable to find compaction strategy class '${full}'`);
}

/**
 * The compaction map as system_schema holds it: full class name and the thresholds that the strategy has.
 * @throws FerrosaError CONFIG_ERROR
 */
export function compactionFromMap(given: OptionMap): OptionMap {
  const { class: className, ...options } = given;
  if (className === undefined) throw configError("Missing sub-option 'class' for the 'compaction' option");
  const name = strategyName(className);
  const overlapping = (options['provide_overlapping_tombstones'] ?? 'NONE').toUpperCase();
  if (!['NONE', 'ROW', 'CELL'].includes(overlapping))
    throw configError(
      `Invalid value ${overlapping} for 'provide_overlapping_tombstones' compaction sub-option - ` +
        'must be one of the following [NONE, ROW, CELL].',
    );
  if (!strategies[name]!.options.includes('min_threshold')) return { ...options, class: compactionPackage + name };
  return { min_threshold: '4', max_threshold: '32', ...options, class: compactionPackage + name };
}

/** Checks the options of a map that compactionFromMap made. @throws FerrosaError CONFIG_ERROR */
export function validateCompaction(compaction: OptionMap): void {
  const { class: className, ...options } = compaction;
  const name = className!.slice(compactionPackage.length);
  const strategy = strategies[name]!;
  checkCommon(options);
  strategy.check(options);
  const known = new Set([...commonOptions, ...strategy.options]);
  const unknown = Object.keys(options).filter((option) => !known.has(option));
  if (unknown.length > 0) {
    const names = javaHashOrder(unknown, Object.keys(options).length).join(', ');
    throw configError(`Properties specified [${names}] are not understood by ${name}`);
  }
  checkThresholds(options);
}
