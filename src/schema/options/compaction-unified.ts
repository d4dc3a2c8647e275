// The options of UnifiedCompactionStrategy, in the words of Cassandra 5.0's Controller.
import { configError } from '../../common/errors.js';
import { parseJavaDouble, parseJavaInteger } from './properties.js';

type OptionMap = Readonly<Record<string, string>>;

const targetBytesMin = 1024 * 1024;
const targetBytesDefault = 1024 * 1024 * 1024;
const unitPrefixes = 'qryzafpnum KMGTPEZYRQ';
const unitBase = unitPrefixes.indexOf(' ');

/** Bytes of a text such as '512MiB' or '1.5GB'; or why it is none. */
function parseBytes(text: string): number | { readonly problem: string } {
  if (!text.endsWith('B')) return { problem: `${text} does not end in unit B` };
  const body = text.slice(0, -1);
  const number = /^(?:NaN|[+-]?Infinity|[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/.exec(body);
  if (number === null) return { problem: 'null' };
  let value = Number(number[0]);
  let position = number[0].length;
  const binary = /^\*2\^([+-]?\d+)/.exec(body.slice(position));
  if (binary !== null) {
    value *= 2 ** Number(binary[1]);
    position += binary[0].length;
  }
  while (/\s/.test(body[position] ?? '')) position++;
  const prefix = position < body.length ? unitPrefixes.indexOf(body[position]!) : -1;
  if (prefix >= 0) {
    position++;
    const isBinary = body[position] === 'i';
    if (isBinary) position++;
    value *= isBinary ? 2 ** ((prefix - unitBase) * 10) : 1000 ** (prefix - unitBase);
  }
  if (position !== body.length)
    return { problem: `Unexpected characters between pos ${position} and ${body.length} in ${text}` };
  return value;
}

function prettyBytes(bytes: number): string {
  const index = bytes === 0 ? 0 : Math.floor(Math.log2(Math.abs(bytes)) / 10);
  if (index <= 0) return `${bytes}B`;
  return `${(bytes / 2 ** (index * 10)).toFixed(3)}${unitPrefixes[unitBase + index]}iB`;
}

function checkScalingParameters(text: string): void {
  for (const part of text.split(',').map((one) => one.trim())) {
    const match = /^(?:N|L(\d+)|T(\d+)|[+-]?\d+)$/.exec(part);
    if (match === null) throw configError(`Scaling parameter ${part} must match N|L[0-9]+|T[0-9]+|[+-]?[0-9]+`);
    const fanout = match[1] ?? match[2];
    if (fanout !== undefined && Number(fanout) < 2) throw configError(`Fan factor cannot be lower than 2 in ${part}`);
  }
}

function checkSizes(options: OptionMap): void {
  let target = targetBytesDefault;
  for (const name of ['target_sstable_size', 'flush_size_override']) {
    const text = options[name];
    if (text === undefined) continue;
    const bytes = parseBytes(text);
    if (typeof bytes !== 'number') throw configError(`${name} ${text} is not a valid size in bytes: ${bytes.problem}`);
    if (name === 'target_sstable_size' && bytes >= 2 ** 63)
      throw configError(`${name} ${text} is out of range of Long.`);
    if (bytes < targetBytesMin)
      throw configError(`${name} ${text} is not acceptable, size must be at least ${prettyBytes(targetBytesMin)}`);
    if (name === 'target_sstable_size') target = Math.ceil(bytes);
  }
  const minimum = options['min_sstable_size'];
  if (minimum === undefined) return;
  const bytes = parseBytes(minimum);
  if (typeof bytes !== 'number') throw configError(`${minimum} is not a valid size in bytes for min_sstable_size`);
  if (bytes < 0)
    throw configError('Invalid configuration, min_sstable_size should be greater than or equal to 0 (zero)');
  if (Math.trunc(bytes) >= Math.ceil(target * Math.SQRT1_2))
    throw configError(
      `Invalid configuration, min_sstable_size (${prettyBytes(Math.trunc(bytes))}) should be less than 70% of the ` +
        `targetSSTableSize (${prettyBytes(target)})`,
    );
}

function checkIntegers(options: OptionMap): void {
  const shards = options['base_shard_count'];
  if (shards !== undefined) {
    const value = parseJavaInteger(shards);
    if (value === null) throw configError(`${shards} is not a parsable int (base10) for base_shard_count`);
    if (value <= 0n) throw configError(`Invalid configuration, base_shard_count should be positive: ${value}`);
  }
  const tables = options['max_sstables_to_compact'];
  if (tables !== undefined && parseJavaInteger(tables) === null)
    throw configError(`${tables} is not a parsable int (base10) for max_sstables_to_compact`);
  const name = 'expired_sstable_check_frequency_seconds';
  const frequency = options[name];
  if (frequency !== undefined) {
    const value = parseJavaInteger(frequency, 64);
    if (value === null) throw configError(`${frequency} is not a parsable long (base10) for ${name}`);
    if (value <= 0n) throw configError(`Invalid configuration, ${name} should be positive: ${value}`);
  }
}

function checkGrowth(text: string): void {
  const trimmed = text.trim();
  const isPercent = trimmed.endsWith('%');
  const number = parseJavaDouble(isPercent ? trimmed.slice(0, -1) : trimmed);
  if (number === null)
    throw configError(`sstable_growth is not a valid number between 0 and 1: For input string: "${trimmed}"`);
  const growth = isPercent ? number / 100 : number;
  if (growth < 0 || growth > 1) throw configError(`sstable_growth ${text} must be between 0 and 1`);
}

/** @throws FerrosaError CONFIG_ERROR */
export function checkUnified(options: OptionMap): void {
  const scaling = options['scaling_parameters'];
  if (scaling !== undefined) checkScalingParameters(scaling);
  checkIntegers(options);
  checkSizes(options);
  const unsafe = options['unsafe_aggressive_sstable_expiration'];
  if (unsafe !== undefined && !/^(true|false)$/i.test(unsafe))
    throw configError(`unsafe_aggressive_sstable_expiration should either be 'true' or 'false', not ${unsafe}`);
  const overlap = options['overlap_inclusion_method'];
  if (overlap !== undefined && !['NONE', 'SINGLE', 'TRANSITIVE'].includes(overlap.toUpperCase()))
    throw configError(`Invalid overlap inclusion method ${overlap}. The valid options are [NONE, SINGLE, TRANSITIVE].`);
  const growth = options['sstable_growth'];
  if (growth !== undefined) checkGrowth(growth);
}
