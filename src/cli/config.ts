// The configuration: flags over FERROSA_* variables over ferrosa.toml over defaults. Every problem is reported, not only the first.
import { GuardrailConfig, type GuardrailValue } from '../query/index.js';
import { configPath, type Key, readConfigFile } from './config-file.js';
import { nearest } from './nearest.js';
import { type Config, flagOf, oldNames, type SettingName, settings, variableOf } from './settings.js';

/** What is wrong with the configuration, one line a problem. */
export class ConfigProblem extends Error {
  override readonly name = 'ConfigProblem';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

export type LoadedConfig = {
  readonly config: Config;
  /** Where each value that is not a default came from: "--shards", "FERROSA_SHARDS" or "ferrosa.toml". */
  readonly origins: ReadonlyMap<SettingName, string>;
};

/** Variables of the environment that are no settings: where the file is, and who ferrosa-ctl logs in as. */
const otherVariables = new Set(['FERROSA_CONFIG', 'FERROSA_CTL_USERNAME', 'FERROSA_CTL_PASSWORD']);

const isSetting = (name: string): name is SettingName => Object.hasOwn(settings, name);

/** The setting that was probably meant, null when none is near. */
export const nearestSetting = (name: string): SettingName | null =>
  oldNames[name] ?? nearest(name, Object.keys(settings) as SettingName[]);

function unknown(shown: string, name: string, show: (name: string) => string): string {
  const meant = nearestSetting(name);
  return `${shown} is not a setting${meant === null ? '; `ferrosa help` lists them' : `; did you mean ${show(meant)}?`}`;
}

type Given = { readonly name: SettingName; readonly text: string; readonly origin: string };

/** Flags after the command: `--name value`, `--name=value`; a boolean's value may be left out. */
function fromFlags(args: readonly string[], problems: string[]): { given: Given[]; file: string | null } {
  const given: Given[] = [];
  let file: string | null = null;
  for (let i = 0; i < args.length; i++) {
    const match = /^--([^=]+)(?:=(.*))?$/s.exec(args[i]!);
    if (match === null) {
      problems.push(`unexpected argument "${args[i]}"`);
      continue;
    }
    const name = match[1]!.replaceAll('-', '_');
    if (!isSetting(name) && name !== 'config') {
      problems.push(unknown(`--${match[1]}`, name, flagOf));
      if (match[2] === undefined && args[i + 1]?.startsWith('--') === false) i++;
      continue;
    }
    let text = match[2];
    if (text === undefined) {
      const next = args[i + 1];
      if (next !== undefined && !next.startsWith('--')) {
        text = next;
        i++;
      } else if (isSetting(name) && settings[name].shape === 'true|false') text = 'true';
    }
    if (text === undefined) problems.push(`--${match[1]} needs a value`);
    else if (isSetting(name)) given.push({ name, text, origin: flagOf(name) });
    else file = text;
  }
  return { given, file };
}

function fromVariables(env: Readonly<Record<string, string | undefined>>, problems: string[]): Given[] {
  const given: Given[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('FERROSA_') || otherVariables.has(variable) || text === undefined) continue;
    const name = variable.slice('FERROSA_'.length).toLowerCase();
    if (isSetting(name) && variable === variableOf(name)) given.push({ name, text, origin: variable });
    else problems.push(unknown(variable, name, variableOf));
  }
  return given;
}

/** What is wrong with a key, in the words of the file: inside a table names go on from the table's. */
function unknownKey({ tables, key, name }: Key): string {
  if (tables.length === 0) return unknown(name, name, (other) => other);
  const prefix = `${tables.join('_')}_`;
  const where = `[${tables.join('.')}]`;
  const inTable = (other: string): string => (other.startsWith(prefix) ? other.slice(prefix.length) : other);
  return unknown(`${key} in ${where}`, name, inTable);
}

function fromFile(path: string, required: boolean, problems: string[]): Given[] {
  let keys: readonly Key[];
  try {
    keys = readConfigFile(path, required);
  } catch (error) {
    problems.push((error as Error).message);
    return [];
  }
  const given: Given[] = [];
  for (const key of keys) {
    const { name, text } = key;
    if (!isSetting(name)) problems.push(`${path}: ${unknownKey(key)}`);
    else if (text === null) problems.push(`${path}: ${name} must be a text, a number or a boolean`);
    else given.push({ name, text, origin: path });
  }
  return given;
}

function checkTls(config: Config, problems: string[]): void {
  const { client_encryption_options_enabled: enabled, authenticator } = config;
  for (const name of ['certificate', 'private_key'] as const)
    if (enabled && config[`client_encryption_options_${name}`] === '')
      problems.push(`client_encryption_options_enabled needs client_encryption_options_${name}`);
  if (!enabled && authenticator.startsWith('MutualTls'))
    problems.push(`${authenticator} requires client_encryption_options_enabled to be true`);
  if (authenticator === 'MutualTlsAuthenticator' && !config.client_encryption_options_require_client_auth)
    problems.push('MutualTlsAuthenticator requires client_encryption_options_require_client_auth to be true');
}

/** What one setting alone cannot know. */
function checkTogether(config: Config, problems: string[]): void {
  if (config.max_mutation_size * 2 > config.commitlog_segment_size)
    problems.push('max_mutation_size must be at most half of commitlog_segment_size');
  checkTls(config, problems);
  if (config.authenticator === 'AllowAllAuthenticator' && config.authorizer !== 'AllowAllAuthorizer')
    problems.push(`AllowAllAuthenticator can't be used with ${config.authorizer}: set authenticator`);
  for (const name of ['network_authorizer', 'cidr_authorizer'] as const)
    if (config.authenticator === 'AllowAllAuthenticator' && !config[name].startsWith('AllowAll'))
      problems.push(`AllowAllAuthenticator can't be used with ${config[name]}: set authenticator`);
  if (config.commitlog_sync === 'group' && config.commitlog_sync_group_window <= 0)
    problems.push('commitlog_sync_group_window must be larger than 0ms when commitlog_sync is group');
  if (config.commitlog_sync === 'periodic' && config.commitlog_sync_period <= 0)
    problems.push('commitlog_sync_period must be larger than 0ms when commitlog_sync is periodic');
  try {
    guardrailsOf(config);
  } catch (error) {
    problems.push((error as Error).message);
  }
}

/** @throws FerrosaError INVALID for thresholds that are none, or contradict each other */
export const guardrailsOf = (config: Config): GuardrailConfig =>
  new GuardrailConfig(config as Readonly<Record<string, unknown>> as Record<string, GuardrailValue>);

/**
 * Reads the configuration.
 * @param args  what stands behind the command on the command line
 * @throws ConfigProblem with every problem found
 */
export function loadConfig(args: readonly string[], env: Readonly<Record<string, string | undefined>>): LoadedConfig {
  const problems: string[] = [];
  const flags = fromFlags(args, problems);
  const { path, required } = configPath(flags.file, env);
  const file = fromFile(path, required, problems);
  const values: Partial<Record<SettingName, unknown>> = {};
  const origins = new Map<SettingName, string>();
  // Later ones win.
  for (const { name, text, origin } of [...file, ...fromVariables(env, problems), ...flags.given]) {
    try {
      values[name] = settings[name].parse(text);
      origins.set(name, origin);
    } catch (error) {
      problems.push(`${origin}: ${(error as Error).message}${origin.endsWith('.toml') ? ` (${name})` : ''}`);
    }
  }
  for (const name of Object.keys(settings) as SettingName[]) values[name] ??= settings[name].fallback();
  const config = values as Config;
  if (!origins.has('max_mutation_size') && origins.has('commitlog_segment_size'))
    (values as { max_mutation_size: number }).max_mutation_size = Math.floor(config.commitlog_segment_size / 2);
  if (problems.length === 0) checkTogether(config, problems);
  if (problems.length > 0) throw new ConfigProblem(problems);
  return { config, origins };
}
