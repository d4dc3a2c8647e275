// Verbs of ferrosa-ctl about snapshots.
import type { SnapshotInfo } from '../http/index.js';
import { CtlError } from './ctl-client.js';
import { formatBytes, formatTable } from './ctl-format.js';
import type { Verb } from './ctl-verb.js';

const anyNumber = Number.MAX_SAFE_INTEGER;

/** As `-t` and as `--tag`. */
const tagOf = (options: ReadonlyMap<string, string>): string | undefined => options.get('t') ?? options.get('tag');
const shown = (keyspaces: readonly string[]): string =>
  keyspaces.length === 0 ? 'all keyspaces' : keyspaces.join(', ');

export function formatSnapshots(snapshots: readonly SnapshotInfo[]): string {
  if (snapshots.length === 0) return 'Snapshot Details: \nThere are no snapshots';
  const header = ['Snapshot name', 'Keyspace name', 'Column family name', 'True size', 'Size on disk', 'Creation time'];
  const rows = snapshots.map(({ tag, keyspace, table, trueBytes, bytes, createdAt }) => {
    const sizes = [formatBytes(trueBytes), formatBytes(bytes)];
    return [tag, keyspace, table, ...sizes, new Date(createdAt).toISOString()];
  });
  const total = snapshots.reduce((sum, { trueBytes }) => sum + trueBytes, 0);
  const table = formatTable([header, ...rows]);
  return `Snapshot Details: \n${table}\n\nTotal TrueDiskSpaceUsed: ${formatBytes(total)}\n`;
}

export const snapshotVerbs: Readonly<Record<string, Verb>> = {
  snapshot: {
    usage: '[(-t <tag> | --tag <tag>)] [<keyspaces>...]',
    help: 'Take a snapshot of specified keyspaces or of all: hard links to the files of their tables',
    argumentsMin: 0,
    argumentsMax: anyNumber,
    options: { t: 'value', tag: 'value' },
    async run(client, keyspaces, { options }) {
      const tag = tagOf(options) ?? String(Date.now());
      await client.act('snapshot', { tag, keyspaces });
      const requested = `Requested creating snapshot(s) for [${shown(keyspaces)}] with snapshot name [${tag}]`;
      return { data: { tag }, text: `${requested}\nSnapshot directory: ${tag}` };
    },
  },
  listsnapshots: {
    usage: '',
    help: 'Lists all the snapshots along with the size on disk and true size',
    argumentsMin: 0,
    argumentsMax: 0,
    async run(client) {
      const data = await client.read<SnapshotInfo[]>('snapshots');
      return { data, text: formatSnapshots(data) };
    },
  },
  clearsnapshot: {
    usage: '((-t <tag> | --tag <tag>) | --all) [<keyspaces>...]',
    help: 'Remove the snapshot with the given name, or all, from the given keyspaces',
    argumentsMin: 0,
    argumentsMax: anyNumber,
    options: { t: 'value', tag: 'value', all: 'flag' },
    async run(client, keyspaces, { options }) {
      const tag = tagOf(options) ?? null;
      if (tag === null && !options.has('all')) throw new CtlError('Specify snapshot name or --all');
      if (tag !== null && options.has('all')) throw new CtlError('Specify only one of snapshot name or --all');
      await client.act('clearsnapshot', { tag, keyspaces });
      const which = tag === null ? '[all snapshots]' : `snapshot name [${tag}]`;
      return { data: { done: true }, text: `Requested clearing snapshot(s) for [${shown(keyspaces)}] with ${which}` };
    },
  },
};
