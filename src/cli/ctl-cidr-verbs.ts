// Verbs of ferrosa-ctl about address ranges and datacenters that roles are restricted to.
import type { CidrStats } from '../http/index.js';
import { formatTable } from './ctl-format.js';
import type { Verb, VerbResult } from './ctl-verb.js';

const silent: VerbResult = { data: { done: true }, text: '' };
const anyNumber = Number.MAX_SAFE_INTEGER;

/** A column with its title, empty for no values: as nodetool prints one. */
const column = (title: string, values: readonly string[]): string =>
  values.length === 0 ? '' : formatTable([[title], ...values.map((one) => [one])]);

const decimal = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value));

function statsText({ counts, latencies }: CidrStats): string {
  const countRows = [['name', 'value'], ...counts.map(({ name, value }) => [name, String(value)])];
  const names = ['p50th', 'p95th', 'p99th', 'p999th', 'max'] as const;
  const latencyRows = [
    ['name', ...names],
    ...latencies.map((row) => [row.name, ...names.map((one) => decimal(row[one]))]),
  ];
  return [
    'cidr_filtering_metrics_counts: ',
    formatTable(countRows),
    '',
    'cidr_filtering_metrics_latencies: ',
    formatTable(latencyRows),
    '',
  ].join('\n');
}

export const cidrVerbs: Readonly<Record<string, Verb>> = {
  listcidrgroups: {
    usage: '[<cidrGroup>]',
    help: 'List existing cidr groups',
    argumentsMin: 0,
    argumentsMax: 1,
    async run(client, [name]) {
      const groups = await client.read<Record<string, string[]>>('cidrgroups');
      if (name === undefined) return { data: groups, text: column('CIDR Groups: ', Object.keys(groups)) };
      const cidrs = Object.hasOwn(groups, name) ? groups[name]! : [];
      return { data: cidrs, text: column('CIDRs:     ', cidrs) };
    },
  },
  updatecidrgroup: {
    usage: '<cidrGroup> <cidr>...',
    help: 'Insert/Update a cidr group',
    argumentsMin: 2,
    argumentsMax: anyNumber,
    async run(client, [group, ...cidrs]) {
      await client.act('updatecidrgroup', { group, cidrs });
      return silent;
    },
  },
  dropcidrgroup: {
    usage: '<cidrGroup>',
    help: 'Drop an existing cidr group',
    argumentsMin: 1,
    argumentsMax: 1,
    async run(client, [group]) {
      await client.act('dropcidrgroup', { group });
      return { data: { done: true }, text: `Deleted CIDR group ${group}` };
    },
  },
  getcidrgroupsofip: {
    usage: '<IP address>',
    help: 'Print CIDR groups associated with given IP',
    argumentsMin: 1,
    argumentsMax: 1,
    async run(client, [address]) {
      const data = await client.read<string[]>('cidrgroupsofip', { address: address! });
      return { data, text: column('CIDR Groups: ', data) };
    },
  },
  cidrfilteringstats: {
    usage: '',
    help: 'Print statistics on CIDR filtering',
    argumentsMin: 0,
    argumentsMax: 0,
    async run(client) {
      const data = await client.read<CidrStats>('cidrfilteringstats');
      return { data, text: statsText(data) };
    },
  },
  reloadcidrgroupscache: {
    usage: '',
    help: 'Reload CIDR groups cache with latest entries in cidr_groups table, when CIDR authorizer is enabled',
    argumentsMin: 0,
    argumentsMax: 0,
    async run(client) {
      await client.act('reloadcidrgroupscache');
      return { data: { done: true }, text: 'Reloaded CIDR groups cache' };
    },
  },
  invalidatecidrpermissionscache: {
    usage: '[<role>...]',
    help: 'Invalidate the cidr permissions cache',
    argumentsMin: 0,
    argumentsMax: anyNumber,
    async run(client, roles) {
      const cache = 'cidr';
      if (roles.length === 0) {
        await client.act('invalidateauthcache', { cache });
        return { data: { done: true }, text: 'Invalidated CIDR permissions cache' };
      }
      const lines: string[] = [];
      for (const role of roles) {
        const { found } = await client.act<{ found: boolean }>('invalidateauthcache', { cache, role });
        if (found) lines.push(`Invalidated the role ${role} from CIDR permissions cache`);
        else lines.push(`Not found role ${role} in CIDR permissions cache, nothing to invalidate`);
      }
      return { data: { done: true }, text: lines.join('\n') };
    },
  },
};
