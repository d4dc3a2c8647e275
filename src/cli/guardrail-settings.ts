// Guardrails as settings of the node: the names and values of cassandra.yaml.
import { sizeText } from '../common/units.js';
import {
  type GuardrailConfig,
  type GuardrailSetting,
  type GuardrailValue,
  guardrailDefault,
  guardrailSettings,
} from '../query/index.js';
import { parseBytes, parseDurationMs } from './units.js';

export type GuardrailSettingText = {
  readonly fallback: () => GuardrailValue;
  readonly parse: (text: string) => GuardrailValue;
  show(value: GuardrailValue): string;
  readonly shape: string;
  readonly help: string;
};

const isNone = (text: string): boolean => /^(-1|null|)$/.test(text.trim());

/** @throws Error that says what to write */
export function parseGuardrail(setting: GuardrailSetting, text: string): GuardrailValue {
  if (setting.kind === 'flag') {
    if (text !== 'true' && text !== 'false') throw new Error("Use 'true' or 'false' values for booleans");
    return text === 'true';
  }
  if (setting.kind === 'values') {
    const inner = text.trim().replace(/^\[(.*)\]$/, '$1');
    if (inner === 'null' || inner.trim() === '') return [];
    const values = inner.split(',').map((value) => value.trim());
    return setting.of === 'table_properties' ? values : values.map((value) => value.toUpperCase());
  }
  if (setting.kind === 'count') return wholeNumber(text);
  if (isNone(text)) return -1;
  if (setting.kind === 'size' || setting.unit === 'size') return parseBytes(text);
  if (setting.unit === 'duration') return parseDurationMs(text) * 1000;
  return wholeNumber(text);
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text.trim())) throw new Error(`"${text}" is not a whole number`);
  return Number(text);
}

/** As cassandra.yaml has it, and as `parseGuardrail` takes it. */
export function guardrailText(setting: GuardrailSetting, value: GuardrailValue): string {
  if (setting.kind === 'values') return `[${(value as readonly string[]).join(', ')}]`;
  if (setting.kind === 'flag') return String(value);
  const unit = setting.kind === 'threshold' ? setting.unit : setting.kind;
  if (unit === 'count' || unit === 'percent') return String(value);
  if ((value as number) < 0) return 'null';
  return unit === 'size' ? sizeText(value as number) : `${(value as number) / 1000}ms`;
}

const shapes = { count: 'N', size: 'SIZE', duration: 'DURATION', percent: 'PERCENT' } as const;

function shapeOf(setting: GuardrailSetting): string {
  if (setting.kind === 'threshold') return shapes[setting.unit];
  if (setting.kind === 'count') return 'N';
  return setting.kind === 'flag' ? 'true|false' : setting.kind === 'size' ? 'SIZE' : 'LIST';
}

/** Those that are of everybody. */
const ownHelp: Readonly<Record<string, string>> = {
  use_statements_enabled: 'Whether USE may be used',
  read_thresholds_enabled: 'Warn of reads beyond the thresholds of their size, and end them',
  coordinator_read_size_warn_threshold: 'Warn of results that have more bytes',
  coordinator_read_size_fail_threshold: 'End reads whose results have more bytes',
  local_read_size_warn_threshold:
    'Warn of reads of one partition, or of a token range, that take more bytes from storage',
  local_read_size_fail_threshold: 'End reads of one partition, or of a token range, that take more bytes from storage',
  row_index_read_size_warn_threshold: 'Kept; as in Cassandra it is nothing to SSTables of the format bti',
  row_index_read_size_fail_threshold: 'Kept; as in Cassandra it is nothing to SSTables of the format bti',
  partition_denylist_enabled: 'Whether partitions of system_distributed.partition_denylist are refused',
  denylist_writes_enabled: 'Whether writes of such partitions are refused',
  denylist_reads_enabled: 'Whether reads of such partitions are refused',
  denylist_range_reads_enabled: 'Whether reads of token ranges that hold such partitions are refused',
  denylist_max_keys_per_table: 'Partitions of a table that the denylist may have',
  denylist_max_keys_total: 'Partitions of all tables that the denylist may have',
};

export const guardrailSettingTexts: Readonly<Record<string, GuardrailSettingText>> = Object.fromEntries(
  [...guardrailSettings].map(([name, setting]) => [
    name,
    {
      fallback: () => guardrailDefault(setting),
      parse: (text: string) => parseGuardrail(setting, text),
      show: (value: GuardrailValue) => guardrailText(setting, value),
      shape: shapeOf(setting),
      help: ownHelp[name] ?? `Guardrail for ordinary users: ${name.replaceAll('_', ' ')}`,
    },
  ]),
);

/** What nodetool calls a guardrail, with its settings in the order in which it prints their values. */
export function guardrailGroups(): Map<string, readonly string[]> {
  const groups = new Map<string, readonly string[]>();
  for (const [name, setting] of guardrailSettings) {
    if (setting.kind !== 'threshold') groups.set(name, [name]);
    else groups.set(`${setting.of}_threshold`, [`${setting.of}_fail_threshold`, `${setting.of}_warn_threshold`]);
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Changes a guardrail as `nodetool setguardrailsconfig NAME VALUE...`. @throws Error, FerrosaError INVALID */
export function setGuardrail(config: GuardrailConfig, name: string, given: readonly string[]): void {
  const groups = guardrailGroups();
  const names = groups.get(name);
  if (names === undefined) {
    const group = [...groups].find(([, settings]) => settings.includes(name));
    if (group === undefined) throw new Error(`Guardrail ${name} not found.`);
    throw new Error(
      `${name} is set together with its sibling: ${group[0]} ${group[1].map((one) => `<${one}>`).join(' ')}`,
    );
  }
  const setting = guardrailSettings.get(names[0]!)!;
  const values = setting.kind === 'values' && given.length > 1 ? [given.join(',')] : given;
  if (values.length !== names.length)
    throw new Error(`${name} is expecting ${names.length} argument values. Getting ${values.length} instead.`);
  config.set(Object.fromEntries(names.map((one, i) => [one, parseGuardrail(setting, values[i]!)])));
}
