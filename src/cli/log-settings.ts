// Settings of the audit log and the full query log: those of cassandra.yaml's audit_logging_options and full_query_logging_options.

import { resolve } from 'node:path';
import {
  type AuditSettings,
  auditLoggers,
  categories,
  type FullQuerySettings,
  rollCycleNames,
} from '../audit/index.js';
import { sizeText } from '../common/units.js';
import { boolean, integer, oneOf, type Setting, setting } from './setting.js';
import { parseBytes } from './units.js';

/** Cassandra's are numbers of bytes; sizes with a unit do as well. */
function bytes(fallback: number, max: number, help: string): Setting<number> {
  const parse = (value: string) => {
    const number = /^\s*\d+\s*$/.test(value) ? Number(value) : parseBytes(value);
    if (number < 1 || number > max) throw new Error(`"${value}" is out of range: 1 to ${max} bytes`);
    return number;
  };
  return setting('BYTES', parse, fallback, help, sizeText);
}

const choice = <const T extends string>(choices: readonly T[], fallback: T, help: string): Setting<T> => ({
  ...oneOf(choices, fallback, help),
  shape: 'NAME',
});

const path = (help: string): Setting<string> =>
  setting('PATH', (value) => (value.trim() === '' ? '' : resolve(value.trim())), '', help);

const trimmed = (fallback: string, help: string): Setting<string> =>
  setting('TEXT', (value) => value.trim(), fallback, help);

const names = (fallback: string, help: string): Setting<string> => setting('NAME,...', commaList, fallback, help);

const someCategories = (help: string): Setting<string> =>
  setting(
    'NAME,...',
    (value) => {
      const list = commaList(value).toUpperCase();
      for (const one of list.split(','))
        if (one !== '' && !(categories as readonly string[]).includes(one))
          throw new Error(`"${one}" is not one of ${categories.join(', ')}`);
      return list;
    },
    '',
    help,
  );

/** Without the blanks and the empty ones. */
export const commaList = (value: string): string =>
  value
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .join(',');

const MiB = 2 ** 20;
/** Cassandra's defaults: 256 MiB wait, 16 GiB stay. */
const queueBytes = 256 * MiB;
const logBytes = 16 * 1024 * MiB;

/** What both logs have. */
const rolled = <const P extends string>(prefix: P, what: string) =>
  ({
    [`${prefix}_archive_command`]: trimmed(
      '',
      `Command that archives full files of the ${what}; %path in it is the file`,
    ),
    [`${prefix}_allow_nodetool_archive_command`]: boolean(
      false,
      `Whether ferrosa-ctl may set the command of the ${what}`,
    ),
    [`${prefix}_roll_cycle`]: choice(rollCycleNames, 'HOURLY', `When the ${what} begins a new file`),
    [`${prefix}_block`]: boolean(true, `Let statements wait when the queue of the ${what} is full; else drop records`),
    [`${prefix}_max_queue_weight`]: bytes(queueBytes, 2 ** 31 - 1, `Bytes of the ${what} that wait to be written`),
    [`${prefix}_max_log_size`]: bytes(logBytes, 2 ** 50, `Bytes of full files of the ${what} that are kept`),
    [`${prefix}_max_archive_retries`]: integer(
      10,
      0,
      2 ** 31 - 1,
      `How often archiving a file of the ${what} is tried again`,
    ),
  }) as { readonly [K in `${P}_archive_command` | `${P}_roll_cycle`]: Setting<string> } & {
    readonly [K in `${P}_allow_nodetool_archive_command` | `${P}_block`]: Setting<boolean>;
  } & { readonly [K in `${P}_max_queue_weight` | `${P}_max_log_size` | `${P}_max_archive_retries`]: Setting<number> };

const audit = 'audit_logging_options';
const queries = 'full_query_logging_options';

export const logSettings = {
  audit_logging_options_enabled: boolean(false, 'Write an audit log from the start on'),
  audit_logging_options_logger: choice(
    auditLoggers,
    'BinAuditLogger',
    'Records with checksums, or FileAuditLogger: lines',
  ),
  audit_logging_options_audit_logs_dir: path('Folder of the audit log; by default audit in data_dir'),
  ...rolled(audit, 'audit log'),
  audit_logging_options_included_keyspaces: names('', 'Keyspaces in the audit log; empty: all'),
  audit_logging_options_excluded_keyspaces: names(
    'system,system_schema,system_virtual_schema',
    'Keyspaces that are not in the audit log',
  ),
  audit_logging_options_included_categories: someCategories('Categories in the audit log; empty: all'),
  audit_logging_options_excluded_categories: someCategories('Categories that are not in the audit log'),
  audit_logging_options_included_users: names('', 'Users in the audit log; empty: all'),
  audit_logging_options_excluded_users: names('', 'Users that are not in the audit log'),
  full_query_logging_options_log_dir: path('Folder of the full query log, for ferrosa-ctl enablefullquerylog'),
  ...rolled(queries, 'full query log'),
} as const satisfies Record<string, Setting<unknown>>;

export type LogConfig = {
  readonly [K in keyof typeof logSettings]: (typeof logSettings)[K] extends Setting<infer T> ? T : never;
};

const rolledOf = (config: LogConfig, prefix: typeof audit | typeof queries) => ({
  archiveCommand: config[`${prefix}_archive_command`],
  rollCycle: config[`${prefix}_roll_cycle`],
  block: config[`${prefix}_block`],
  maxQueueWeight: config[`${prefix}_max_queue_weight`],
  maxLogSize: config[`${prefix}_max_log_size`],
  maxArchiveRetries: config[`${prefix}_max_archive_retries`],
});

/** @param fallbackFolder  when none is configured */
export const auditSettings = (config: LogConfig, fallbackFolder: string): AuditSettings => ({
  ...rolledOf(config, audit),
  logger: config.audit_logging_options_logger,
  folder: config.audit_logging_options_audit_logs_dir || fallbackFolder,
  includedKeyspaces: config.audit_logging_options_included_keyspaces,
  excludedKeyspaces: config.audit_logging_options_excluded_keyspaces,
  includedCategories: config.audit_logging_options_included_categories,
  excludedCategories: config.audit_logging_options_excluded_categories,
  includedUsers: config.audit_logging_options_included_users,
  excludedUsers: config.audit_logging_options_excluded_users,
});

export const fullQuerySettings = (config: LogConfig): FullQuerySettings => ({
  ...rolledOf(config, queries),
  folder: config.full_query_logging_options_log_dir,
});

type Texts = Readonly<Record<string, string>>;

function parsed<T>(given: Texts, name: string, { parse }: Setting<T>): T | undefined {
  const text = given[name];
  if (text === undefined) return undefined;
  try {
    return parse(text);
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`);
  }
}

function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

const rolledGiven = (given: Texts, prefix: typeof audit | typeof queries) => ({
  archiveCommand: given['archive_command'],
  rollCycle: parsed(given, 'roll_cycle', logSettings[`${prefix}_roll_cycle`]),
  block: parsed(given, 'blocking', logSettings[`${prefix}_block`]),
  maxQueueWeight: parsed(given, 'max_queue_weight', logSettings[`${prefix}_max_queue_weight`]),
  maxLogSize: parsed(given, 'max_log_size', logSettings[`${prefix}_max_log_size`]),
  maxArchiveRetries: parsed(given, 'max_archive_retries', logSettings[`${prefix}_max_archive_retries`]),
});

/** Options of nodetool enableauditlog, as texts. @throws Error that names the one that does not do */
export const givenAuditSettings = (given: Texts): Partial<AuditSettings> =>
  defined({
    ...rolledGiven(given, audit),
    logger: parsed(given, 'logger', logSettings.audit_logging_options_logger),
    includedKeyspaces: parsed(given, 'included_keyspaces', logSettings.audit_logging_options_included_keyspaces),
    excludedKeyspaces: parsed(given, 'excluded_keyspaces', logSettings.audit_logging_options_excluded_keyspaces),
    includedCategories: parsed(given, 'included_categories', logSettings.audit_logging_options_included_categories),
    excludedCategories: parsed(given, 'excluded_categories', logSettings.audit_logging_options_excluded_categories),
    includedUsers: parsed(given, 'included_users', logSettings.audit_logging_options_included_users),
    excludedUsers: parsed(given, 'excluded_users', logSettings.audit_logging_options_excluded_users),
  }) as Partial<AuditSettings>;

/** Options of nodetool enablefullquerylog, as texts. @throws Error that names the one that does not do */
export const givenFullQuerySettings = (given: Texts): Partial<FullQuerySettings> =>
  defined({
    ...rolledGiven(given, queries),
    folder: parsed(given, 'path', logSettings.full_query_logging_options_log_dir),
  }) as Partial<FullQuerySettings>;
