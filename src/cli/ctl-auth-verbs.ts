// Verbs of ferrosa-ctl about roles and permissions.
import { CtlError } from './ctl-client.js';
import type { Verb, VerbResult } from './ctl-verb.js';

const silent: VerbResult = { data: { done: true }, text: '' };

/** Forgets what a cache of system_auth has, of all roles or of those named. */
const invalidate = (cache: 'roles' | 'credentials' | 'network', what: string = cache): Verb => ({
  usage: '[<role>...]',
  help: `Invalidate the ${what} cache, of all roles or of those named`,
  argumentsMin: 0,
  argumentsMax: Number.MAX_SAFE_INTEGER,
  async run(client, roles) {
    if (roles.length === 0) await client.act('invalidateauthcache', { cache });
    for (const role of roles) await client.act('invalidateauthcache', { cache, role });
    return silent;
  },
});

const resourceOptions = {
  'all-functions': 'flag',
  'all-keyspaces': 'flag',
  'all-mbeans': 'flag',
  'all-roles': 'flag',
  'all-tables': 'flag',
  function: 'value',
  'functions-in-keyspace': 'value',
  keyspace: 'value',
  mbean: 'value',
  role: 'value',
  table: 'value',
} as const;

const resourceUsage = Object.entries(resourceOptions)
  .map(([name, kind]) => (kind === 'flag' ? `[--${name}]` : `[--${name} <${name}>]`))
  .join(' ');

/** Types of arguments stand without their package: `name[Int32Type^DoubleType]`. */
const withPackages = (signature: string): string =>
  signature.replace(/(?<![.\w])\w+Type\b/g, (type) => `org.apache.cassandra.db.marshal.${type}`);

/** The resources that the options of nodetool name, as system_auth has them. @throws CtlError */
function resourcesOf(given: ReadonlyMap<string, string>): string[] {
  // The last one counts.
  const options = new Map([...given].map(([name, value]) => [name, value.split('\n').at(-1)!]));
  const within = (option: string, other: string): string => {
    const name = options.get(other);
    if (name === undefined) throw new CtlError(`--${option} option should be passed along with --${other} option`);
    return name;
  };
  const resources: string[] = [];
  if (options.has('all-keyspaces')) resources.push('data');
  if (options.has('all-tables')) resources.push(`data/${within('all-tables', 'keyspace')}/*`);
  if (options.has('table')) resources.push(`data/${within('table', 'keyspace')}/${options.get('table')}`);
  if (options.has('keyspace') && !options.has('all-tables') && !options.has('table'))
    resources.push(`data/${options.get('keyspace')}`);
  if (options.has('all-roles')) resources.push('roles');
  if (options.has('role')) resources.push(`roles/${options.get('role')}`);
  if (options.has('all-functions')) resources.push('functions');
  if (options.has('function'))
    resources.push(
      `functions/${within('function', 'functions-in-keyspace')}/${withPackages(options.get('function')!)}`,
    );
  else if (options.has('functions-in-keyspace')) resources.push(`functions/${options.get('functions-in-keyspace')}`);
  if (options.has('all-mbeans')) resources.push('mbean');
  if (options.has('mbean')) resources.push(`mbean/${options.get('mbean')}`);
  return resources;
}

export const authVerbs: Readonly<Record<string, Verb>> = {
  invalidaterolescache: invalidate('roles'),
  invalidatecredentialscache: invalidate('credentials'),
  invalidatenetworkpermissionscache: invalidate('network', 'network permissions'),
  reloadssl: {
    usage: '',
    help: 'Read the certificates of the CQL ports again',
    argumentsMin: 0,
    argumentsMax: 0,
    async run(client) {
      await client.act('reloadssl');
      return silent;
    },
  },
  invalidatepermissionscache: {
    usage: `${resourceUsage} [<role>]`,
    help: 'Invalidate the permissions cache, of all roles, or of one role on the resources that are named',
    argumentsMin: 0,
    argumentsMax: 1,
    options: resourceOptions,
    async run(client, [role], { options }) {
      const resources = resourcesOf(options);
      if (role === undefined) {
        if (options.size > 0) throw new CtlError('No resource options allowed without a <role> being specified');
        await client.act('invalidateauthcache', { cache: 'permissions' });
        return silent;
      }
      if (resources.length === 0) throw new CtlError('No resource options specified');
      for (const resource of resources)
        await client.act('invalidateauthcache', { cache: 'permissions', role, resource });
      return silent;
    },
  },
};
