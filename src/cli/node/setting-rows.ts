// Rows of system_views.settings: what this node runs with, under its own names and under those that Cassandra 5.0 has for the same.

import { join } from 'node:path';
import { sizeText } from '../../common/units.js';
import { type GuardrailConfig, guardrailSettings } from '../../query/index.js';
import { type PlainRow, partitionerClass } from '../../schema/index.js';
import { guardrailText } from '../guardrail-settings.js';
import { type Config, oldNames, type Setting, type SettingName, settings } from '../settings.js';

const KiB = 2 ** 10;
const MiB = 2 ** 20;

/** As Cassandra shows it. Its defaults have no larger units than milliseconds and MiB, and what is not set has no value. */
function shown(name: SettingName, config: Config): string | null {
  const { shape, show } = settings[name] as Setting<unknown>;
  const value = config[name] as unknown;
  if (value === '' && name === 'broadcast_rpc_address') return null;
  if (value === 0 && name.endsWith('_update_interval')) return null;
  if (shape === 'DURATION' && name.startsWith('denylist_')) return `${Math.floor((value as number) / 1000)}s`;
  if (shape === 'DURATION') return `${value}ms`;
  if (shape === 'SIZE') return inMiB(value as number);
  if (shape === 'RATE') return `${inMiB(value as number)}/s`;
  return show(value);
}

const inMiB = (bytes: number): string => (bytes !== 0 && bytes % MiB === 0 ? `${bytes / MiB}MiB` : sizeText(bytes));

/** Names that had their unit in them, with values that have it not. */
function ofOldNames(config: Config): [string, string | null][] {
  const units: readonly (readonly [RegExp, number])[] = [
    [/_in_ms$/, 1],
    [/_in_kb$/, KiB],
    [/(_in_mb|_mb_per_sec)$/, MiB],
  ];
  return Object.entries(oldNames).flatMap(([old, name]) => {
    const unit = units.find(([ending]) => ending.test(old))?.[1];
    const value = config[name];
    return unit === undefined || typeof value !== 'number' ? [] : [[old, String(Math.floor(value / unit))] as const];
  }) as [string, string | null][];
}

/** Settings that Cassandra has inside of others: `audit_logging_options.enabled`. */
const groups = /^(audit_logging_options|full_query_logging_options|client_encryption_options)_(.*)$/;
const classes = /^(authenticator|authorizer|role_manager|network_authorizer|cidr_authorizer)$/;

function inner(name: string): string | null {
  if (classes.test(name)) return `${name}.class_name`;
  const group = groups.exec(name);
  if (group === null) return null;
  return group[2] === 'logger' ? `${group[1]}.logger.class_name` : `${group[1]}.${group[2]}`;
}

export function settingRows(config: Config, guardrails: GuardrailConfig): PlainRow[] {
  const rows = new Map<string, string | null>();
  for (const name of Object.keys(settings) as SettingName[]) {
    const guardrail = guardrailSettings.get(name);
    if (guardrail !== undefined) {
      const text = guardrailText(guardrail, guardrails.get(name));
      rows.set(name, text === 'null' ? null : text);
      continue;
    }
    const value = shown(name, config);
    rows.set(name, value);
    const within = inner(name);
    if (within !== null) rows.set(within, value);
  }
  for (const [name, value] of ofOldNames(config)) rows.set(name, value);
  rows.set('native_transport_port', String(config.cql_bind.port));
  rows.set('rpc_address', config.cql_bind.host);
  rows.set('data_file_directories', `[${join(config.data_dir, 'data')}]`);
  rows.set('commitlog_directory', join(config.data_dir, 'commitlog'));
  rows.set('partitioner', partitionerClass);
  return [...rows].map(([name, value]) => ({ name, value }));
}
