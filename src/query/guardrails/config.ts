// What guardrails are set to: settings of the node, changeable while it runs.

import { invalid } from '../../common/errors.js';
import { sizeText } from '../../common/units.js';
import {
  type FlagName,
  flags,
  type Threshold,
  type ThresholdName,
  type ThresholdUnit,
  thresholds,
  type ValuesName,
  valueLists,
} from './definitions.js';

export type GuardrailSetting =
  | {
      readonly kind: 'threshold';
      readonly of: ThresholdName;
      readonly unit: ThresholdUnit;
      readonly fallback: number;
    }
  /** Bytes; -1: none. */
  | { readonly kind: 'size' }
  /** Of at least 1. */
  | { readonly kind: 'count'; readonly fallback: number }
  | { readonly kind: 'flag'; readonly fallback: boolean }
  | { readonly kind: 'values'; readonly of: ValuesName };

/** A threshold (-1: none), a flag, or the values of a list. */
export type GuardrailValue = number | boolean | readonly string[];

/** The size that data_disk_usage_percentage is of, instead of that of the disk. */
export const maxDiskSize = 'data_disk_usage_max_disk_size';

/** Of everybody, superusers and those who need not log in too: no guardrails in Cassandra's sense, but like them changed while the node runs. */
const commonFlags = {
  use_statements_enabled: true,
  read_thresholds_enabled: false,
  partition_denylist_enabled: false,
  denylist_writes_enabled: true,
  denylist_reads_enabled: true,
  denylist_range_reads_enabled: true,
};
export type CommonFlag = keyof typeof commonFlags;

/** Bytes that a read may have; with `_warn_threshold` and `_fail_threshold`. */
const readSizes = ['coordinator_read_size', 'local_read_size', 'row_index_read_size'] as const;
export type ReadSize = (typeof readSizes)[number];

const denylistCounts = { denylist_max_keys_per_table: 1_000, denylist_max_keys_total: 10_000 };
export type DenylistCount = keyof typeof denylistCounts;

function settingsOf(): Map<string, GuardrailSetting> {
  const all = new Map<string, GuardrailSetting>();
  for (const [of, { unit, fallback }] of Object.entries(thresholds) as [ThresholdName, Threshold][])
    for (const end of ['warn', 'fail'] as const)
      all.set(`${of}_${end}_threshold`, { kind: 'threshold', of, unit, fallback: fallback?.[end] ?? -1 });
  all.set(maxDiskSize, { kind: 'size' });
  for (const name of Object.keys(flags)) all.set(name, { kind: 'flag', fallback: true });
  all.set('zero_ttl_on_twcs_warned', { kind: 'flag', fallback: true });
  for (const [of, { ignores }] of Object.entries(valueLists) as [ValuesName, { ignores: boolean }][])
    for (const end of ignores ? ['warned', 'ignored', 'disallowed'] : ['warned', 'disallowed'])
      all.set(`${of}_${end}`, { kind: 'values', of });
  for (const [name, fallback] of Object.entries(commonFlags)) all.set(name, { kind: 'flag', fallback });
  for (const of of readSizes) for (const end of ['warn', 'fail']) all.set(`${of}_${end}_threshold`, { kind: 'size' });
  for (const [name, fallback] of Object.entries(denylistCounts)) all.set(name, { kind: 'count', fallback });
  return all;
}

/** Every setting of a guardrail by its name in cassandra.yaml. */
export const guardrailSettings: ReadonlyMap<string, GuardrailSetting> = settingsOf();

export const guardrailDefault = (setting: GuardrailSetting): GuardrailValue =>
  setting.kind === 'size' ? -1 : setting.kind === 'values' ? [] : setting.fallback;

/** Settings of what is looked at when statements that read or write run; the others are of DDL. */
const execution = new Set([
  'allow_filtering_enabled',
  'data_disk_usage_percentage_warn_threshold',
  'data_disk_usage_percentage_fail_threshold',
  'page_size_warn_threshold',
  'page_size_fail_threshold',
  'column_value_size_warn_threshold',
  'column_value_size_fail_threshold',
  'collection_size_warn_threshold',
  'collection_size_fail_threshold',
  'items_per_collection_warn_threshold',
  'items_per_collection_fail_threshold',
  'sai_string_term_size_warn_threshold',
  'sai_string_term_size_fail_threshold',
  'sai_frozen_term_size_warn_threshold',
  'sai_frozen_term_size_fail_threshold',
  'maximum_timestamp_warn_threshold',
  'maximum_timestamp_fail_threshold',
  'minimum_timestamp_warn_threshold',
  'minimum_timestamp_fail_threshold',
  'user_timestamps_enabled',
  'non_partition_restricted_index_query_enabled',
  'read_consistency_levels_warned',
  'read_consistency_levels_disallowed',
  'write_consistency_levels_warned',
  'write_consistency_levels_disallowed',
]);

export class GuardrailConfig {
  /** Of the disk, from 0 to 100; null while nobody has looked. */
  diskUsagePercent: number | null = null;
  readonly #values = new Map<string, GuardrailValue>();
  readonly #listeners: (() => void)[] = [];

  /** Left out: the defaults. @throws FerrosaError INVALID for thresholds that are none, or contradict each other */
  constructor(values: Readonly<Record<string, GuardrailValue>> = {}) {
    for (const [name, setting] of guardrailSettings) {
      const value = values[name] ?? guardrailDefault(setting);
      checkValue(name, setting, value);
      this.#values.set(name, value);
    }
    for (const of of Object.keys(thresholds) as ThresholdName[]) this.#checkOrder(of);
    this.#checkReadSizes();
  }

  get(name: string): GuardrailValue {
    const value = this.#values.get(name);
    if (value === undefined) throw invalid(`Guardrail ${name} not found.`);
    return value;
  }

  threshold(name: ThresholdName, end: 'warn' | 'fail'): number {
    return this.#values.get(`${name}_${end}_threshold`) as number;
  }

  flag(name: FlagName | CommonFlag | 'zero_ttl_on_twcs_warned'): boolean {
    return this.#values.get(name) as boolean;
  }

  /** Bytes; -1: none. */
  readSize(name: ReadSize, end: 'warn' | 'fail'): number {
    return this.#values.get(`${name}_${end}_threshold`) as number;
  }

  count(name: DenylistCount): number {
    return this.#values.get(name) as number;
  }

  values(name: ValuesName, end: 'warned' | 'ignored' | 'disallowed'): readonly string[] {
    return (this.#values.get(`${name}_${end}`) ?? []) as readonly string[];
  }

  /** Changes settings together. @throws FerrosaError INVALID; then nothing has changed */
  set(values: Readonly<Record<string, GuardrailValue>>): void {
    const before = new Map(this.#values);
    try {
      for (const [name, value] of Object.entries(values)) {
        const setting = guardrailSettings.get(name);
        if (setting === undefined) throw invalid(`Guardrail ${name} not found.`);
        checkValue(name, setting, value);
        this.#values.set(name, value);
        if (setting.kind === 'threshold') this.#checkOrder(setting.of, values);
      }
      this.#checkReadSizes();
    } catch (error) {
      for (const [name, value] of before) this.#values.set(name, value);
      throw error;
    }
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Whether a read or write of the hot path might be one that a guardrail is about. */
  get guardsHotPath(): boolean {
    for (const name of execution) {
      const value = this.#values.get(name)!;
      const isDefault = Array.isArray(value)
        ? value.length === 0
        : value === guardrailDefault(guardrailSettings.get(name)!);
      if (!isDefault) return true;
    }
    return false;
  }

  /** Whether anybody's read or write has to be looked at that the hot path would run. */
  get guardsEverybody(): boolean {
    return this.flag('read_thresholds_enabled') || this.flag('partition_denylist_enabled');
  }

  #checkReadSizes(): void {
    for (const of of readSizes) {
      const [warn, fail] = [this.readSize(of, 'warn'), this.readSize(of, 'fail')];
      if (warn >= 0 && fail >= 0 && fail < warn)
        throw invalid(
          `${of}_fail_threshold (${sizeText(fail)}) must be greater than or equal to ${of}_warn_threshold (${sizeText(warn)})`,
        );
    }
  }

  #checkOrder(of: ThresholdName, together: Readonly<Record<string, GuardrailValue>> = {}): void {
    const at = (end: 'warn' | 'fail') =>
      (together[`${of}_${end}_threshold`] as number | undefined) ?? this.threshold(of, end);
    const [warn, fail] = [at('warn'), at('fail')];
    if (warn < 0 || fail < 0) return;
    // How long ago is compared upside down, too: the failure is further away, whichever way that is.
    const { kind, unit } = thresholds[of];
    const isMin = kind === 'min' && unit !== 'duration';
    if (isMin ? fail > warn : fail < warn)
      throw invalid(
        `The warn threshold ${warn} for ${of}_warn_threshold should be ${isMin ? 'greater' : 'lower'} than the fail threshold ${fail}`,
      );
  }
}

function checkValue(name: string, setting: GuardrailSetting, value: GuardrailValue): void {
  if (setting.kind === 'threshold') checkThreshold(name, value as number, setting.unit);
  if (setting.kind === 'count' && (value as number) < 1) throw invalid(`${name} must be a positive integer.`);
}

function checkThreshold(name: string, value: number, unit: ThresholdUnit): void {
  if (unit === 'percent' && value > 100)
    throw invalid(`Invalid value ${value} for ${name}: maximum allowed value is 100`);
  if (value === 0) throw invalid(`Invalid value for ${name}: 0 is not allowed; if attempting to disable use -1`);
  if (value < -1)
    throw invalid(
      `Invalid value ${value} for ${name}: negative values are not allowed, outside of -1 which disables the guardrail`,
    );
}
