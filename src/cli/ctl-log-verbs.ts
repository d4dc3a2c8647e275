// Verbs of ferrosa-ctl about the audit log and the full query log: those of nodetool, auditlogviewer and fqltool.
import type { LogStatus } from '../http/index.js';
import { formatTable } from './ctl-format.js';
import type { Verb, VerbResult } from './ctl-verb.js';
import type { View } from './log-files/view.js';

const silent: VerbResult = { data: { done: true }, text: '' };
const anyNumber = Number.MAX_SAFE_INTEGER;

const rolledOptions = {
  'archive-command': 'value',
  blocking: 'value',
  'max-archive-retries': 'value',
  'max-log-size': 'value',
  'max-queue-weight': 'value',
  'roll-cycle': 'value',
} as const;

const auditOptions = {
  ...rolledOptions,
  logger: 'value',
  'included-keyspaces': 'value',
  'excluded-keyspaces': 'value',
  'included-categories': 'value',
  'excluded-categories': 'value',
  'included-users': 'value',
  'excluded-users': 'value',
} as const;

const usageOf = (options: Readonly<Record<string, string>>): string =>
  Object.keys(options)
    .map((name) => `[--${name} <${name.replaceAll('-', '_')}>]`)
    .join(' ');

/** Sends an action with the options that were given. */
const action = (name: string, help: string, options: Verb['options'] = {}): Verb => ({
  usage: usageOf(options),
  help,
  argumentsMin: 0,
  argumentsMax: 0,
  options,
  async run(client, _, flags) {
    const given = [...flags.options].map(([option, value]) => [option.replaceAll('-', '_'), value]);
    await client.act(name, Object.fromEntries(given));
    return silent;
  },
});

const status = (name: string, help: string): Verb => ({
  usage: '',
  help,
  argumentsMin: 0,
  argumentsMax: 0,
  async run(client) {
    const { rows, counts } = await client.read<LogStatus>(name);
    return { data: { ...Object.fromEntries(rows), ...counts }, text: formatTable(rows) };
  },
});

/** Loaded by those who need them: other verbs are quick to start. */
const files = () => import('./log-files/view.js');

/** Prints the records of files and folders, with --follow for ever. */
const viewer = (help: string, find: () => Promise<View>): Verb => ({
  usage: '[--follow] <path>...',
  help,
  argumentsMin: 1,
  argumentsMax: anyNumber,
  options: { follow: 'flag' },
  async run(_, paths, { options, out }) {
    const records = await (await find())(paths, options.has('follow'), out);
    return { data: { records }, text: '' };
  },
});

const replay: Verb = {
  usage:
    '--target [<user>,<password>@]<host>[:<port>]... [--keyspace <keyspace>] [--replay-ddl-statements] [--debug] <path>...',
  help: "Replay full query logs on one node or several, and compare the nodes' answers",
  argumentsMin: 1,
  argumentsMax: anyNumber,
  options: { target: 'value', keyspace: 'value', 'replay-ddl-statements': 'flag', debug: 'flag' },
  async run(_, paths, { options, out }) {
    const { replay: run } = await import('./replay/replay.js');
    const targets = options.get('target')?.split('\n') ?? [];
    const keyspace = options.get('keyspace') ?? null;
    const replaysDdl = options.has('replay-ddl-statements');
    const result = await run(paths, { targets, keyspace, replaysDdl, debug: options.has('debug') }, out);
    const { replayed, failed, different, skipped } = result;
    const compared = targets.length > 1 ? `, ${different} answered differently` : '';
    const text = `Replayed ${replayed} statements: ${failed} failed${compared}; ${skipped} skipped`;
    return { data: result, text };
  },
};

export const logVerbs: Readonly<Record<string, Verb>> = {
  enableauditlog: action('enableauditlog', 'Enable the audit log', auditOptions),
  disableauditlog: action('disableauditlog', 'Disable the audit log'),
  getauditlog: status('auditlog', 'Print configuration of audit log if enabled, otherwise that of the settings'),
  auditlogviewer: viewer('View the audit log: its files, or folders of them', async () => (await files()).followAudit),
  enablefullquerylog: action('enablefullquerylog', 'Enable full query logging', { ...rolledOptions, path: 'value' }),
  disablefullquerylog: action('disablefullquerylog', 'Disable the full query log'),
  resetfullquerylog: action('resetfullquerylog', 'Stop the full query log and delete its files'),
  getfullquerylog: status(
    'fullquerylog',
    'Print configuration of the full query log if enabled, otherwise that of the settings',
  ),
  fqlreplay: replay,
  fqldump: viewer('Dump full query logs: their files, or folders of them', async () => (await files()).followQueries),
};
